"""Holds: taken, extended, run out, lost, given back; drafts outlive them."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from reading.errors import AlreadyRead, CaseAway, HeldByAnother, HoldLost, ListClosed
from reading.models import ListCase, ReadingList, Turn, TurnState
from reading.services import (
    HOLD,
    extend,
    flag,
    give_back,
    hold_ahead,
    keep_draft,
    next_turn,
    take,
)
from tests.reading.makers import cases_of, make_worklist, run_out


@pytest.fixture
def turn(doctor, worklist) -> Turn:
    return next_turn(reader=doctor, reading_list=worklist)


def test_a_held_case_is_not_taken_by_another(turn, second_doctor):
    with pytest.raises(HeldByAnother):
        take(case=turn.case, reader=second_doctor)


def test_taking_it_again_extends_the_own_hold(turn, doctor):
    later = timezone.now() + timedelta(minutes=5)
    again = take(case=turn.case, reader=doctor, now=later)
    assert (again, again.held_until) == (turn, later + HOLD)


def test_a_hold_that_ran_out_is_taken_by_another(turn, second_doctor, worklist):
    run_out(turn)
    taken = next_turn(reader=second_doctor, reading_list=worklist)
    turn.refresh_from_db()
    assert (taken.case, taken.slot, turn.state) == (turn.case, 0, TurnState.LAPSED)


def test_an_empty_place_is_taken_before_one_that_ran_out(site, doctor, second_doctor, double_list):
    first = take(case=cases_of(double_list)[0], reader=doctor)
    run_out(first)
    second = take(case=first.case, reader=second_doctor)
    first.refresh_from_db()
    assert (second.slot, first.state) == (1, TurnState.HELD)


def test_what_ran_out_and_nobody_took_comes_back_to_its_reader(turn, doctor, worklist):
    run_out(turn)
    assert next_turn(reader=doctor, reading_list=worklist) == turn


def test_the_first_reader_of_a_lost_case_gets_another_one(turn, doctor, second_doctor, worklist):
    run_out(turn)
    take(case=turn.case, reader=second_doctor)
    assert next_turn(reader=doctor, reading_list=worklist).case == cases_of(worklist)[1]


def test_extending_prolongs_what_is_held_ahead_too(turn, doctor, worklist):
    [ahead] = hold_ahead(reader=doctor, reading_list=worklist)
    later = timezone.now() + timedelta(minutes=9)
    extend(turn=turn, now=later)
    assert set(Turn.objects.values_list("held_until", flat=True)) == {later + HOLD}
    assert ahead.case == cases_of(worklist)[1]


def test_extending_leaves_what_was_left_behind(turn, doctor, worklist):
    following = next_turn(reader=doctor, reading_list=worklist, after=turn)
    extend(turn=following, now=timezone.now() + timedelta(minutes=9))
    before = turn.held_until
    turn.refresh_from_db()
    assert turn.held_until == before


def test_extending_begins_again_where_the_case_is_still_free(turn, second_doctor):
    run_out(turn)
    give_back(turn=take(case=turn.case, reader=second_doctor))
    assert extend(turn=turn).state == TurnState.HELD


def test_extending_a_lost_hold_is_refused(turn, second_doctor):
    run_out(turn)
    take(case=turn.case, reader=second_doctor)
    with pytest.raises(HoldLost):
        extend(turn=turn)


def test_a_beat_that_comes_after_the_answer_changes_nothing(doctor, worklist, read_by):
    read_by(doctor, cases_of(worklist)[0])
    answered = Turn.objects.get()
    assert extend(turn=answered).state == TurnState.ANSWERED


def test_a_draft_is_kept_when_the_hold_is_lost(turn, doctor, second_doctor):
    run_out(turn)
    theirs = take(case=turn.case, reader=second_doctor)
    keep_draft(turn=turn, draft={"note": "left base"})
    give_back(turn=theirs)
    assert take(case=turn.case, reader=doctor).draft == {"note": "left base"}


def test_no_draft_is_kept_of_what_was_answered(doctor, worklist, read_by):
    read_by(doctor, cases_of(worklist)[0])
    answered = Turn.objects.get()
    keep_draft(turn=answered, draft={"note": "too late"})
    answered.refresh_from_db()
    assert answered.draft == {}


def test_a_case_given_back_is_as_if_never_taken(turn, second_doctor, worklist):
    give_back(turn=turn)
    assert not Turn.objects.exists()
    assert next_turn(reader=second_doctor, reading_list=worklist).case == turn.case


def test_giving_back_keeps_a_draft(turn, doctor):
    keep_draft(turn=turn, draft={"note": "left base"})
    give_back(turn=turn)
    turn.refresh_from_db()
    assert (turn.state, turn.draft) == (TurnState.LAPSED, {"note": "left base"})


def test_holding_ahead_is_surely_the_readers(turn, doctor, second_doctor, worklist):
    [ahead] = hold_ahead(reader=doctor, reading_list=worklist)
    with pytest.raises(HeldByAnother):
        take(case=ahead.case, reader=second_doctor)


def test_holding_ahead_again_holds_no_more(turn, doctor, worklist):
    first = hold_ahead(reader=doctor, reading_list=worklist)
    assert hold_ahead(reader=doctor, reading_list=worklist) == first


def test_holding_ahead_of_a_named_turn(turn, doctor, worklist):
    following = next_turn(reader=doctor, reading_list=worklist, after=turn)
    [ahead] = hold_ahead(reader=doctor, reading_list=worklist, turn=following)
    assert ahead.case == cases_of(worklist)[2]


def test_holding_ahead_where_nothing_is_left(turn, doctor, worklist):
    assert len(hold_ahead(reader=doctor, reading_list=worklist, count=3)) == 2


def test_nobody_holds_many_ahead(site, doctor):
    many = make_worklist(site, doctor, cases=9)
    next_turn(reader=doctor, reading_list=many)
    assert len(hold_ahead(reader=doctor, reading_list=many, count=9)) == 3


def test_what_one_read_is_not_taken_again(doctor, worklist, read_by):
    case = cases_of(worklist)[0]
    read_by(doctor, case)
    with pytest.raises(AlreadyRead):
        take(case=case, reader=doctor)


def test_what_another_read_is_not_taken(doctor, second_doctor, worklist, read_by):
    case = cases_of(worklist)[0]
    read_by(doctor, case)
    with pytest.raises(HeldByAnother):
        take(case=case, reader=second_doctor)


def test_what_was_set_aside_is_not_taken(turn, doctor):
    flag(turn=turn, reason="rotated")
    with pytest.raises(CaseAway):
        take(case=turn.case, reader=doctor)


def test_a_trashed_radiograph_is_not_taken(doctor, worklist):
    case = cases_of(worklist)[0]
    type(case.radiograph).objects.filter(pk=case.radiograph_id).update(status="trashed")
    with pytest.raises(CaseAway):
        take(case=case, reader=doctor)


def test_nothing_is_taken_from_a_closed_study(doctor, study):
    ReadingList.objects.update(closed_at=timezone.now())
    with pytest.raises(ListClosed):
        take(case=ListCase.objects.first(), reader=doctor)


def test_the_database_lets_nobody_into_a_place_that_is_taken(turn, second_doctor):
    with pytest.raises(IntegrityError), transaction.atomic():
        Turn.objects.create(
            case=turn.case, reader=second_doctor, slot=turn.slot, held_until=timezone.now()
        )
