"""Eight administrators start a retrain at the same moment, on real databases."""

import pytest

from tests.races import outcome_of

RACE = "tests.retraining.run_race"
ONE_RUN = {"started": 1, "told": 7, "runs": 1, "audited": 1, "claims": 1}


@pytest.mark.slow
def test_on_sqlite(data_folder):
    assert outcome_of(RACE, data_folder) == ONE_RUN


@pytest.mark.slow
@pytest.mark.postgres
def test_on_postgresql(tmp_path, postgres_database):
    assert outcome_of(RACE, tmp_path, DATABASE_URL=postgres_database) == ONE_RUN
