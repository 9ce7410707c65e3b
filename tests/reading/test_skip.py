"""Cases passed over."""

import pytest

from reading.errors import AlreadyRead
from reading.models import ListCase, Turn, TurnState
from reading.services import answer, next_turn, skip
from tests.reading.makers import cases_of


@pytest.fixture
def turn(doctor, worklist) -> Turn:
    return next_turn(reader=doctor, reading_list=worklist)


def test_the_next_one_comes(turn, doctor, worklist):
    skip(turn=turn)
    assert next_turn(reader=doctor, reading_list=worklist).case == cases_of(worklist)[1]


def test_the_others_get_it_at_once(turn, second_doctor, worklist):
    skip(turn=turn)
    assert next_turn(reader=second_doctor, reading_list=worklist).case == turn.case


def test_those_passed_over_come_last_in_the_order_of_passing(doctor, worklist):
    for _ in range(3):
        skip(turn=next_turn(reader=doctor, reading_list=worklist))
    assert next_turn(reader=doctor, reading_list=worklist).case == cases_of(worklist)[0]


def test_it_is_counted_once_however_often_it_is_said(turn):
    skip(turn=turn)
    skip(turn=turn)
    assert ListCase.objects.get(pk=turn.case_id).skips == 1


def test_a_draft_is_kept(turn, doctor, worklist):
    Turn.objects.update(draft={"note": "unsure"})
    skip(turn=turn)
    turn.refresh_from_db()
    assert (turn.state, turn.draft) == (TurnState.SKIPPED, {"note": "unsure"})


def test_what_was_read_is_not_passed_over(turn):
    answer(turn=turn, finding="normal")
    with pytest.raises(AlreadyRead):
        skip(turn=turn)
