"""The same radiograph from eight people at the same moment, on real databases."""

import pytest

from tests.races import outcome_of

RACE = "tests.images.race"
ONE = {"created": 1, "keys": 1, "rows": 1, "files": 2}


@pytest.mark.slow
def test_on_sqlite(data_folder):
    assert outcome_of(RACE, data_folder) == ONE


@pytest.mark.slow
@pytest.mark.postgres
def test_on_postgresql(tmp_path, postgres_database):
    assert outcome_of(RACE, tmp_path, DATABASE_URL=postgres_database) == ONE
