"""No upload or deletion is lost from the counters, on real databases."""

from pathlib import Path

import pytest

from tests.races import outcome_of


def check(data_dir: Path, **environment: str) -> None:
    found = outcome_of("tests.images.quota_race", data_dir, **environment)
    assert found["counted"] == found["summed"] > 0
    assert found["radiographs"] == found["rows"] == 32


@pytest.mark.slow
def test_on_sqlite(data_folder):
    check(data_folder)


@pytest.mark.slow
@pytest.mark.postgres
def test_on_postgresql(tmp_path, postgres_database):
    check(tmp_path, DATABASE_URL=postgres_database)
