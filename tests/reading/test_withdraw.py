"""Cases go with their radiograph's consent, and to the trash with it."""

import pytest

from images.services import give_consent_again, trash, withdraw_consent
from reading.models import CaseState, ListCase
from reading.services import bring_back_cases, flag, take, withdraw_cases
from reading.tasks.upkeep import keep_worklists
from tests.reading.makers import cases_of


@pytest.fixture
def case(worklist) -> ListCase:
    return cases_of(worklist)[0]


@pytest.fixture
def withdrawn(case, doctor) -> ListCase:
    withdraw_consent(patient=case.radiograph.patient, by=doctor)
    keep_worklists()
    return case


def state_of(case):
    case.refresh_from_db()
    return case.state


def test_withdrawn_consent_withdraws_the_case(withdrawn):
    assert state_of(withdrawn) == CaseState.WITHDRAWN


def test_the_trash_withdraws_the_case(case, doctor):
    trash(radiograph=case.radiograph, by=doctor)
    assert withdraw_cases([case.radiograph_id]) == 1
    assert state_of(case) == CaseState.WITHDRAWN


def test_the_others_stay(withdrawn, worklist):
    assert worklist.cases.filter(state=CaseState.OPEN).count() == 2


def test_withdrawing_again_changes_nothing(withdrawn):
    assert withdraw_cases() == 0


def test_what_is_kept_is_not_withdrawn(case):
    assert withdraw_cases([case.radiograph_id]) == 0


def test_a_case_of_a_study_is_withdrawn_too(study, doctor):
    case = cases_of(study)[0]
    withdraw_consent(patient=case.radiograph.patient, by=doctor)
    withdraw_cases()
    assert state_of(case) == CaseState.WITHDRAWN


def test_consent_given_again_brings_the_case_back(withdrawn):
    give_consent_again(patient=withdrawn.radiograph.patient)
    keep_worklists()
    assert state_of(withdrawn) == CaseState.OPEN


def test_what_stays_withdrawn_is_not_brought_back(withdrawn):
    assert bring_back_cases() == 0


def test_a_case_that_was_read_comes_back_as_read(case, doctor, read_by):
    read_by(doctor, case)
    withdraw_consent(patient=case.radiograph.patient, by=doctor)
    withdraw_cases()
    give_consent_again(patient=case.radiograph.patient)
    assert bring_back_cases() == 1
    assert state_of(case) == CaseState.DONE


def test_a_case_that_was_set_aside_comes_back_so(case, doctor):
    flag(turn=take(case=case, reader=doctor), reason="rotated")
    withdraw_consent(patient=case.radiograph.patient, by=doctor)
    withdraw_cases()
    give_consent_again(patient=case.radiograph.patient)
    bring_back_cases()
    assert state_of(case) == CaseState.FLAGGED
