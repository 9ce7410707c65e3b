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
if command -v gcc >/dev/null 2>&1 && [ "$(uname -m)" = x86_64 ]; then
    echo "gcc -Wall -Wextra -Werror"
    gcc -std=c11 -Wall -Wextra -Werror -fsyntax-only inference/ml/native/*.c \
        images/native/*.c
fi
echo "import-linter"
"$bin/lint-imports"
echo "makemigrations --check"
"$bin/python" manage.py makemigrations --check --dry-run
