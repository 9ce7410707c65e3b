"""Cases set aside, and put back."""

import pytest

from accounts.models import AuditEntry
from reading.errors import AlreadyRead, CaseAway, HoldLost
from reading.models import CaseState, Turn
from reading.services import answer, flag, next_turn, put_back, take
from tests.reading.makers import cases_of, run_out


@pytest.fixture
def turn(doctor, worklist) -> Turn:
    return next_turn(reader=doctor, reading_list=worklist)


@pytest.fixture
def flagged(turn):
    flag(turn=turn, reason=" a lateral view ")
    turn.case.refresh_from_db()
    return turn.case


def test_it_is_set_aside_with_a_reason(flagged, doctor):
    assert (flagged.state, flagged.flagged_by, flagged.flag_reason) == (
        CaseState.FLAGGED, doctor, "a lateral view"
    )  # fmt: skip


def test_nobody_gets_it(flagged, doctor, second_doctor, worklist):
    first, second = (
        next_turn(reader=reader, reading_list=worklist).case for reader in (doctor, second_doctor)
    )
    assert flagged not in (first, second)


def test_it_is_recorded_without_the_reason(flagged, doctor):
    entry = AuditEntry.objects.get(subject="case")
    assert (entry.actor, entry.subject_id) == (doctor, flagged.pk)
    assert (entry.before, entry.after) == ({"state": "open"}, {"state": "flagged"})


def test_put_back_it_is_read_again(flagged, second_doctor, worklist):
    assert put_back(case=flagged, by=second_doctor)
    flagged.refresh_from_db()
    assert (flagged.state, flagged.flag_reason, flagged.flagged_by) == (CaseState.OPEN, "", None)
    assert next_turn(reader=second_doctor, reading_list=worklist).case == flagged


def test_what_was_not_set_aside_is_not_put_back(turn, doctor):
    assert not put_back(case=turn.case, by=doctor)


def test_put_back_it_is_what_its_readings_make_of_it(doctor, second_doctor, double_list, read_by):
    case = cases_of(double_list)[0]
    theirs = take(case=case, reader=second_doctor)
    flag(turn=take(case=case, reader=doctor), reason="rotated")
    # Who was reading it already may finish.
    answer(turn=theirs, finding="normal")
    case.refresh_from_db()
    assert (case.state, case.readings_count) == (CaseState.FLAGGED, 1)
    put_back(case=case, by=doctor)
    case.refresh_from_db()
    assert case.state == CaseState.OPEN


def test_who_let_go_of_it_answers_no_more(flagged, turn):
    with pytest.raises(CaseAway):
        answer(turn=turn, finding="normal")


def test_it_is_set_aside_once(flagged, turn):
    with pytest.raises(CaseAway):
        flag(turn=turn, reason="again")


def test_what_another_took_is_not_set_aside(turn, second_doctor):
    run_out(turn)
    take(case=turn.case, reader=second_doctor)
    with pytest.raises(HoldLost):
        flag(turn=turn, reason="rotated")


def test_what_one_read_is_not_set_aside_by_them(doctor, double_list, read_by):
    reading = read_by(doctor, cases_of(double_list)[0])
    with pytest.raises(AlreadyRead):
        flag(turn=Turn.objects.get(case=reading.case), reason="rotated")
