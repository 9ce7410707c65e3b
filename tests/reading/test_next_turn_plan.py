"""The next case is read from an index, however many there are."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reading.services import answer, hold_ahead, next_turn, skip


def steps_of(query):
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {query}")
        return [row[3] for row in cursor.fetchall()]


@pytest.fixture
def asked(doctor, worklist):
    """Steps of the plans of all that is asked until a case is shown and the next one is held."""
    skip(turn=next_turn(reader=doctor, reading_list=worklist))
    answer(turn=next_turn(reader=doctor, reading_list=worklist), finding="normal")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        turn = next_turn(reader=doctor, reading_list=worklist)
        hold_ahead(reader=doctor, reading_list=worklist, turn=turn)
    selects = [each["sql"] for each in queries if each["sql"].startswith("SELECT")]
    return [step for select in selects for step in steps_of(select)]


def test_nothing_is_read_as_a_whole(asked):
    assert [step for step in asked if step.startswith("SCAN")] == []


def test_cases_come_from_the_indexes_that_order_them(asked):
    indexes = {step.split(" USING ")[1].split()[1] for step in asked if "reading_listcase" in step}
    assert {"case_by_value", "case_by_person"} <= {name.strip() for name in indexes}


def test_cases_are_never_sorted(asked):
    # The reader's own few turns are.
    ordered = [step for step in asked if "TEMP B-TREE" in step]
    assert len(ordered) <= sum("turns_of_reader" in step for step in asked)
