"""The same bundle many times at the same moment, on real databases: each file is there once."""

import pytest

from tests.images.bundle_race import FILES
from tests.races import outcome_of

RACE = "tests.images.bundle_race"
ONCE = {"rows": FILES, "open": FILES, "files": FILES, "whole": FILES, "answers": 1}


@pytest.mark.slow
def test_on_sqlite(data_folder):
    assert outcome_of(RACE, data_folder) == ONCE


@pytest.mark.slow
@pytest.mark.postgres
def test_on_postgresql(tmp_path, postgres_database):
    assert outcome_of(RACE, tmp_path, DATABASE_URL=postgres_database) == ONCE
