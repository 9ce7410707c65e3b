"""Ten people record the result of one radiograph at the same moment, on real databases."""

import pytest

from tests.races import outcome_of

RACE = "tests.images.truth_race"
# One was first; what the nine others said is kept beside it, and each of them was told.
LOOKED_AT_IT = {
    "rows": 10, "current": 1, "not_taken": 9, "told": 9, "chain": 1, "writers": 10, "audited": 10,
}  # fmt: skip
# Nobody said what they had seen: each corrects the one before.
DID_NOT_SAY = {
    "rows": 10, "current": 1, "not_taken": 0, "told": 0, "chain": 10, "writers": 10, "audited": 10,
}  # fmt: skip
BOTH = {"seen": LOOKED_AT_IT, "unsaid": DID_NOT_SAY}


@pytest.mark.slow
def test_on_sqlite(data_folder):
    assert outcome_of(RACE, data_folder) == BOTH


@pytest.mark.slow
@pytest.mark.postgres
def test_on_postgresql(tmp_path, postgres_database):
    assert outcome_of(RACE, tmp_path, DATABASE_URL=postgres_database) == BOTH
