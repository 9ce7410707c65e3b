"""Eight doctors at one list at the same moment, on real databases: no case twice, none lost."""

import pytest

from tests.races import outcome_of

RACE = "tests.reading.race"
RIGHT = {"twice": 0, "strangers": 0, "lost": 0, "alone": False, "cases": 60, "done": 60}


@pytest.mark.slow
@pytest.mark.parametrize("readings", [1, 2])
def test_on_sqlite(data_folder, readings):
    found = outcome_of(RACE, data_folder, READINGS=str(readings))
    assert found == RIGHT | {"answers": 60 * readings}


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.parametrize("readings", [1, 2])
def test_on_postgresql(tmp_path, postgres_database, readings):
    found = outcome_of(RACE, tmp_path, READINGS=str(readings), DATABASE_URL=postgres_database)
    assert found == RIGHT | {"answers": 60 * readings}
