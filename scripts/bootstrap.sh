#!/bin/sh
# Finds a Python that can make the virtual environment, then hands over to bootstrap.py.
# Usage: scripts/bootstrap.sh app|dev|bench        PYTHON=/path/to/python3.11 chooses one by hand.
set -eu
case $0 in */*) folder=${0%/*} ;; *) folder=. ;; esac
here=$(cd "$folder" && pwd)

# A pyenv shim is on PATH even where its version is not installed, so each candidate is tried.
suits() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null
}

for candidate in ${PYTHON:-python3.11 python3.12 python3 python}; do
    if command -v "$candidate" >/dev/null 2>&1 && suits "$candidate"; then
        exec "$candidate" "$here/bootstrap.py" "$@"
    fi
done

if [ -n "${PYTHON:-}" ]; then
    echo "PYTHON=$PYTHON is not a working Python 3.11 or 3.12." >&2
else
    echo "Python 3.11 or 3.12 is needed and none was found: install it (Debian: apt-get install python3.11 python3.11-venv) or name it with PYTHON=/path/to/python3.11." >&2
fi
exit 1
