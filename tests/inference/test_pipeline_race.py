"""Two threads and two connections answer while others upload and cancel, on a real database."""

import pytest

from tests.races import outcome_of

RACE = "tests.inference.pipeline_race"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def check(outcome: dict[str, int]) -> None:
    # What was cancelled may have been answered just before.
    assert outcome.pop("done") + outcome.pop("cancelled") == 40
    assert outcome.pop("behind") == 1, "nothing was concluded behind: nothing was tested"
    assert set(outcome.values()) == {0}, outcome


def test_on_sqlite(data_folder):
    check(outcome_of(RACE, data_folder, DATABASE_URL=""))


@pytest.mark.postgres
def test_on_postgresql(tmp_path, postgres_database):
    check(outcome_of(RACE, tmp_path, DATABASE_URL=postgres_database))
