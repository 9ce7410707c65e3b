"""Workers that compare the same radiographs at the same moment, on real databases."""

import pytest

from tests.races import outcome_of

RACE = "tests.images.copies_race"
# All three pairs of the copies are linked, each once (tests.images.copies_race).
WHOLE = {"sketches": 4, "links": 3, "groups": 1}


@pytest.mark.slow
def test_on_sqlite(data_folder):
    assert outcome_of(RACE, data_folder) == WHOLE


@pytest.mark.slow
@pytest.mark.postgres
def test_on_postgresql(tmp_path, postgres_database):
    assert outcome_of(RACE, tmp_path, DATABASE_URL=postgres_database) == WHOLE
