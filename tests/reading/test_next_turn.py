"""Which case comes next, and for whom."""

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from images.services import withdraw_consent
from reading.errors import ListClosed, NothingLeft
from reading.models import ListCase, Rank, Turn, TurnState
from reading.services import (
    HOLD,
    answer,
    assign,
    give_back,
    hold_ahead,
    next_turn,
    skip,
    upcoming,
)
from tests.reading import makers
from tests.reading.makers import cases_of


def read_all(reader, reading_list):
    """Keys of all cases in the order in which the reader answers them."""
    order = []
    while True:
        try:
            turn = next_turn(reader=reader, reading_list=reading_list)
        except NothingLeft:
            return order
        answer(turn=turn, finding="normal")
        order.append(turn.case_id)


def test_cases_come_by_value(doctor, worklist):
    assert read_all(doctor, worklist) == [case.pk for case in cases_of(worklist)]


def test_a_better_rank_comes_before_a_lower_value(doctor, worklist):
    last = cases_of(worklist)[2]
    ListCase.objects.filter(pk=last.pk).update(rank=Rank.UNCERTAIN)
    assert next_turn(reader=doctor, reading_list=worklist).case == last


def test_the_case_is_held_for_ten_minutes(doctor, worklist):
    now = timezone.now()
    turn = next_turn(reader=doctor, reading_list=worklist, now=now)
    assert (turn.state, turn.held_until) == (TurnState.HELD, now + HOLD)


def test_asking_again_gives_the_same_case(doctor, worklist):
    first = next_turn(reader=doctor, reading_list=worklist)
    assert next_turn(reader=doctor, reading_list=worklist) == first


def test_two_doctors_get_two_cases(doctor, second_doctor, worklist):
    mine = next_turn(reader=doctor, reading_list=worklist)
    theirs = next_turn(reader=second_doctor, reading_list=worklist)
    assert mine.case != theirs.case


def test_double_reading_gives_a_case_to_two_in_two_places(doctor, second_doctor, site, double_list):
    mine = next_turn(reader=doctor, reading_list=double_list)
    theirs = next_turn(reader=second_doctor, reading_list=double_list)
    third = next_turn(reader=makers.doctor_of(site), reading_list=double_list)
    assert (mine.case, {mine.slot, theirs.slot}) == (theirs.case, {0, 1})
    assert third.case == cases_of(double_list)[1]


def test_after_a_turn_comes_another_case_and_it_stays_held(doctor, worklist):
    first = next_turn(reader=doctor, reading_list=worklist)
    second = next_turn(reader=doctor, reading_list=worklist, after=first)
    first.refresh_from_db()
    assert (second.case, first.state) == (cases_of(worklist)[1], TurnState.HELD)


def test_after_a_turn_comes_the_one_held_ahead(doctor, worklist):
    first = next_turn(reader=doctor, reading_list=worklist)
    [ahead] = hold_ahead(reader=doctor, reading_list=worklist)
    assert next_turn(reader=doctor, reading_list=worklist, after=first) == ahead


def test_one_left_behind_comes_back_when_nothing_else_is_left(doctor, worklist):
    first = next_turn(reader=doctor, reading_list=worklist)
    second = next_turn(reader=doctor, reading_list=worklist, after=first)
    third = next_turn(reader=doctor, reading_list=worklist, after=second)
    assert next_turn(reader=doctor, reading_list=worklist, after=third) == first


def test_nothing_is_left(doctor, second_doctor, worklist):
    read_all(doctor, worklist)
    with pytest.raises(NothingLeft):
        next_turn(reader=second_doctor, reading_list=worklist)


def test_what_waits_for_the_reader_comes_first(doctor, site_administrator, worklist):
    last = cases_of(worklist)[2]
    assign(cases=[last], to=doctor, by=site_administrator)
    assert next_turn(reader=doctor, reading_list=worklist).case == last


def test_what_waits_for_another_does_not_come(doctor, second_doctor, worklist):
    first, second, _ = cases_of(worklist)
    assign(cases=[first], to=second_doctor, by=doctor)
    assert next_turn(reader=doctor, reading_list=worklist).case == second


def test_the_second_reading_of_what_waited_for_another_comes_once_they_read_it(
    doctor, second_doctor, double_list, read_by
):
    first, second, _ = cases_of(double_list)
    assign(cases=[first], to=second_doctor, by=doctor)
    turn = next_turn(reader=doctor, reading_list=double_list)
    assert turn.case == second
    give_back(turn=turn)
    read_by(second_doctor, first)
    assert next_turn(reader=doctor, reading_list=double_list).case == first


def test_in_a_study_every_reader_reads_every_case(doctor, second_doctor, study):
    mine, theirs = read_all(doctor, study), read_all(second_doctor, study)
    assert sorted(mine) == sorted(theirs) == sorted(case.pk for case in cases_of(study))


def test_each_reader_has_an_order_of_their_own(site, doctor, second_doctor):
    study = makers.make_study(site, doctor, [doctor, second_doctor], cases=12)
    assert read_all(doctor, study) != read_all(second_doctor, study)


def test_the_order_of_a_reader_stays(site, doctor):
    study = makers.make_study(site, doctor, [doctor], cases=12)
    first = next_turn(reader=doctor, reading_list=study)
    expected = [
        case.pk for case in upcoming(reader=doctor, reading_list=study, turn=first, count=11)
    ]
    assert read_all(doctor, study) == [first.case_id, *expected]


def test_upcoming_holds_nothing(doctor, worklist):
    turn = next_turn(reader=doctor, reading_list=worklist)
    coming = upcoming(reader=doctor, reading_list=worklist, turn=turn)
    assert coming == cases_of(worklist)[1:]
    assert Turn.objects.count() == 1


def test_upcoming_begins_with_what_is_held_ahead(doctor, worklist):
    turn = next_turn(reader=doctor, reading_list=worklist)
    [ahead] = hold_ahead(reader=doctor, reading_list=worklist)
    assert upcoming(reader=doctor, reading_list=worklist, turn=turn)[0] == ahead.case


def test_a_trashed_radiograph_is_never_shown(doctor, worklist):
    first, second, _ = cases_of(worklist)
    type(first.radiograph).objects.filter(pk=first.radiograph_id).update(status="trashed")
    assert next_turn(reader=doctor, reading_list=worklist).case == second


def test_a_held_case_whose_patient_withdrew_the_consent_is_not_shown_again(doctor, worklist):
    turn = next_turn(reader=doctor, reading_list=worklist)
    withdraw_consent(patient=turn.case.radiograph.patient, by=doctor)
    assert next_turn(reader=doctor, reading_list=worklist).case == cases_of(worklist)[1]


def test_a_passed_over_case_comes_last(doctor, worklist):
    first, second, third = (case.pk for case in cases_of(worklist))
    skip(turn=next_turn(reader=doctor, reading_list=worklist))
    assert read_all(doctor, worklist) == [second, third, first]


@pytest.mark.parametrize("name", ["health_worker", "researcher", "stranger", "pending"])
def test_who_may_not_read_the_worklist(request, worklist, name):
    with pytest.raises(PermissionDenied):
        next_turn(reader=request.getfixturevalue(name), reading_list=worklist)


def test_a_doctor_of_another_institution_may_not(other_site, worklist):
    with pytest.raises(PermissionDenied):
        next_turn(reader=makers.doctor_of(other_site), reading_list=worklist)


@pytest.mark.parametrize("name", ["administrator", "site_administrator", "adjudicator"])
def test_only_its_readers_read_a_study(request, study, name):
    with pytest.raises(PermissionDenied):
        next_turn(reader=request.getfixturevalue(name), reading_list=study)


def test_a_closed_study_is_read_no_more(doctor, study):
    study.closed_at = timezone.now()
    with pytest.raises(ListClosed):
        next_turn(reader=doctor, reading_list=study)
