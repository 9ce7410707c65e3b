"""The next case is read from an index, however many there are."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reading.services import answer, hold_ahead, next_turn, skip

ORDERING = ("case_by_value", "case_by_person")


def plan_of(query):
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {query}")
        return [row[3] for row in cursor.fetchall()]


@pytest.fixture
def plans(doctor, worklist):
    """Of all that is asked until a case is shown and the one after it is held."""
    skip(turn=next_turn(reader=doctor, reading_list=worklist))
    answer(turn=next_turn(reader=doctor, reading_list=worklist), finding="normal")
    with CaptureQueriesContext(connection) as queries:
        turn = next_turn(reader=doctor, reading_list=worklist)
        hold_ahead(reader=doctor, reading_list=worklist, turn=turn)
    return [plan_of(each["sql"]) for each in queries if each["sql"].startswith("SELECT")]


def test_nothing_is_read_as_a_whole(plans):
    assert [step for plan in plans for step in plan if step.startswith("SCAN")] == []


def test_what_is_free_comes_from_the_index_that_orders_it(plans):
    free = [plan for plan in plans if any(name in plan[0] for name in ORDERING)]
    assert {name for plan in free for name in ORDERING if name in plan[0]} == set(ORDERING)
    assert [step for plan in free for step in plan if "TEMP B-TREE" in step] == []


def test_no_other_question_begins_with_the_cases_of_a_list(plans):
    others = [plan for plan in plans if not any(name in plan[0] for name in ORDERING)]
    assert [
        plan[0] for plan in others if "reading_listcase" in plan[0] and "(id=?)" not in plan[0]
    ] == []
