"""Merges and uploads at the same moment, on real databases."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Six rounds of two films, two merges and four uploads (tests.images.merge_race).
WHOLE = {"patients": 6, "strays": 0, "films": 36}


def race(data_dir: Path, **environment: str) -> dict[str, int]:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.images.merge_race"],
        cwd=ROOT,
        env=os.environ | {"DATA_DIR": str(data_dir), **environment},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    return json.loads(ended.stdout.splitlines()[-1])


@pytest.mark.slow
def test_on_sqlite(tmp_path):
    assert race(tmp_path) == WHOLE


@pytest.mark.slow
@pytest.mark.postgres
def test_on_postgresql(tmp_path, postgres_database):
    assert race(tmp_path, DATABASE_URL=postgres_database) == WHOLE
