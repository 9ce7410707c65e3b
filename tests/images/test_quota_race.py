"""No upload or deletion is lost from the counters, on real databases."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def check(data_dir: Path, **environment: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.images.quota_race"], cwd=ROOT, capture_output=True,
        text=True, timeout=240, env=os.environ | {"DATA_DIR": str(data_dir), **environment},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-3000:]
    found = json.loads(ended.stdout.splitlines()[-1])
    assert found["counted"] == found["summed"] > 0
    assert found["radiographs"] == found["rows"] == 32


@pytest.mark.slow
def test_on_sqlite(tmp_path):
    check(tmp_path)


@pytest.mark.slow
@pytest.mark.postgres
def test_on_postgresql(tmp_path, postgres_database):
    check(tmp_path, DATABASE_URL=postgres_database)
