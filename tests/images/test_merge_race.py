"""Merges and uploads at the same moment, on real databases."""

import pytest

from tests.races import outcome_of

RACE = "tests.images.merge_race"
# Six rounds of two films, two merges and four uploads (tests.images.merge_race).
WHOLE = {"patients": 6, "strays": 0, "films": 36}


@pytest.mark.slow
def test_on_sqlite(data_folder):
    assert outcome_of(RACE, data_folder) == WHOLE


@pytest.mark.slow
@pytest.mark.postgres
def test_on_postgresql(tmp_path, postgres_database):
    assert outcome_of(RACE, tmp_path, DATABASE_URL=postgres_database) == WHOLE
