"""Races on real databases, each in a process of its own: threads there have own connections."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def outcome_of(module: str, data_dir: Path, **environment: str) -> dict[str, int]:
    """What `python -m MODULE` says in its last line, as JSON."""
    ended = subprocess.run(
        [sys.executable, "-m", module], cwd=ROOT, capture_output=True, text=True, timeout=240,
        env=os.environ | {"DATA_DIR": str(data_dir), **environment},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-3000:]
    return json.loads(ended.stdout.splitlines()[-1])
