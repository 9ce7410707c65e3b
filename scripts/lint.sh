#!/bin/sh
# What must hold before anything is tested: layout, types, arrows of imports, migrations.
set -eu
cd "$(dirname "$0")/.."
bin=.venv/bin
echo "ruff"
"$bin/ruff" check .
"$bin/ruff" format --check .
echo "mypy --strict"
"$bin/mypy"
echo "import-linter"
"$bin/lint-imports"
echo "makemigrations --check"
"$bin/python" manage.py makemigrations --check --dry-run
