"""Changing how a worklist is read: once or twice, knowing the model's answer or not."""

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import AuditEntry
from reading.errors import NothingLeft
from reading.models import CaseState
from reading.services import change_rules, next_turn
from tests.reading.makers import cases_of
from tests.reading.pages import of


@pytest.fixture
def change(worklist, site_administrator):
    def to(by=site_administrator, reading_list=worklist, **rules):
        asked = {"readings_needed": 1, "hides_model": True} | rules
        change_rules(reading_list=reading_list, by=by, **asked)
        reading_list.refresh_from_db()
        return reading_list

    return to


def test_a_second_doctor_gets_the_same_case_once_two_are_asked_for(
    change, worklist, doctor, second_doctor
):
    change(readings_needed=2)
    first = next_turn(reader=doctor, reading_list=worklist)
    second = next_turn(reader=second_doctor, reading_list=worklist)
    assert first.case == second.case
    assert {first.slot, second.slot} == {0, 1}


def test_a_case_is_done_after_both_have_read(change, worklist, doctor, second_doctor, read_by):
    change(readings_needed=2)
    case = cases_of(worklist)[0]
    read_by(doctor, case)
    case.refresh_from_db()
    assert case.state == CaseState.OPEN
    read_by(second_doctor, case)
    case.refresh_from_db()
    assert case.state == CaseState.DONE


def test_what_has_enough_readings_is_done_when_fewer_are_asked_for(
    change, worklist, doctor, read_by
):
    change(readings_needed=2)
    for case in cases_of(worklist):
        read_by(doctor, case)
    change(readings_needed=1)
    assert {case.state for case in cases_of(worklist)} == {CaseState.DONE}


def test_what_was_read_stays_read(change, worklist, doctor, second_doctor, read_by):
    for case in cases_of(worklist):
        read_by(doctor, case)
    change(readings_needed=2)
    with pytest.raises(NothingLeft):
        next_turn(reader=second_doctor, reading_list=worklist)


def test_both_rules_are_on_record(change, worklist):
    change(readings_needed=2, hides_model=False)
    entry = AuditEntry.objects.get(subject="list", subject_id=worklist.pk)
    assert entry.before == {"readings_needed": 1, "hides_model": True}
    assert entry.after == {"readings_needed": 2, "hides_model": False}


def test_the_same_rules_are_no_change(change):
    change()
    assert not AuditEntry.objects.filter(subject="list").exists()


@pytest.mark.parametrize("number", [0, 4, -1])
def test_other_numbers_are_refused(change, number):
    with pytest.raises(ValueError, match="rules"):
        change(readings_needed=number)


def test_the_rules_of_a_study_are_its_own(change, study):
    with pytest.raises(ValueError, match="rules"):
        change(reading_list=study)


@pytest.mark.parametrize("who", ["doctor", "health_worker", "researcher", "stranger"])
def test_only_who_manages_studies_here(request, change, who):
    with pytest.raises(PermissionDenied):
        change(by=request.getfixturevalue(who), readings_needed=2)


def test_the_page_changes_them(actor, worklist):
    sent = {"readings_needed": "2"}
    answer = actor("site_administrator").post(of("rules", worklist), sent)
    assert answer.status_code == 302
    worklist.refresh_from_db()
    assert (worklist.readings_needed, worklist.hides_model) == (2, False)


@pytest.mark.parametrize("number", ["", "0", "4", "two"])
def test_the_page_says_what_is_wrong(actor, worklist, number):
    answer = actor("site_administrator").post(of("rules", worklist), {"readings_needed": number})
    assert answer.status_code == 400
    worklist.refresh_from_db()
    assert worklist.readings_needed == 1


def test_a_doctor_changes_nothing(actor, worklist):
    answer = actor("doctor").post(of("rules", worklist), {"readings_needed": "2"})
    assert answer.status_code == 403
    worklist.refresh_from_db()
    assert worklist.readings_needed == 1


def test_only_who_may_change_them_is_led_there(actor, worklist):
    address = of("rules", worklist)
    assert address in actor("site_administrator").get("/reading/").content.decode()
    assert address not in actor("doctor").get("/reading/").content.decode()
