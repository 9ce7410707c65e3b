"""Twenty administrators put twenty models in service at the same moment, on real databases."""

import pytest

from tests.races import outcome_of

RACE = "tests.retraining.promotion_race"
# Two rounds: in each one was first, and the nineteen others were told.
ONE_WINS = {
    "won": 2, "told": 38, "lost": 0, "rows": 3, "looks": 1, "wrong": 0, "open": 0,
}  # fmt: skip


@pytest.mark.slow
def test_on_sqlite(data_folder):
    assert outcome_of(RACE, data_folder) == ONE_WINS


@pytest.mark.slow
@pytest.mark.postgres
def test_on_postgresql(tmp_path, postgres_database):
    assert outcome_of(RACE, tmp_path, DATABASE_URL=postgres_database) == ONE_WINS
