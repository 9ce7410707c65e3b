"""Four workers, the same films from four people: each film once, on real databases."""

from pathlib import Path

import pytest

from tests.races import outcome_of


def check(data_dir: Path, **environment: str) -> None:
    found = outcome_of("tests.images.round_race", data_dir, **environment)
    assert found.pop("counted") == found.pop("summed") > 0
    assert found == {
        "created": 24, "duplicates": 72, "other": 0, "radiographs": 24, "patients": 6,
        "files": 48, "parts": 0,
    }  # fmt: skip


@pytest.mark.slow
def test_on_sqlite(data_folder):
    check(data_folder)


@pytest.mark.slow
@pytest.mark.postgres
def test_on_postgresql(tmp_path, postgres_database):
    check(tmp_path, DATABASE_URL=postgres_database)
