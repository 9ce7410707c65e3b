"""Where readers of a study disagree, an adjudicator decides."""

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.audit import Deed
from accounts.models import AuditEntry
from reading.errors import ChangedMeanwhile, ListClosed
from reading.models import CaseState, ListReader, ReaderPart, ReadingList
from reading.services import adjudicate, correct, undo
from tests.reading import makers
from tests.reading.makers import cases_of


@pytest.fixture
def case(study):
    return cases_of(study)[0]


@pytest.fixture
def disputed(case, doctor, second_doctor, read_by):
    read_by(doctor, case, "normal")
    read_by(second_doctor, case, "covid-19")
    case.refresh_from_db()
    return case


def state_of(case):
    case.refresh_from_db()
    return case.state


def test_one_reading_leaves_the_case_open(case, doctor, read_by):
    read_by(doctor, case)
    assert state_of(case) == CaseState.OPEN


def test_readers_who_agree_need_nobody(case, doctor, second_doctor, read_by):
    read_by(doctor, case, "other")
    read_by(second_doctor, case, "other")
    assert state_of(case) == CaseState.DONE


def test_readers_who_disagree_need_somebody(disputed):
    assert disputed.state == CaseState.ADJUDICATE


def test_the_adjudicator_decides(disputed, adjudicator):
    reading = adjudicate(case=disputed, by=adjudicator, finding="covid-19", note="both bases")
    assert (reading.is_adjudication, reading.finding, reading.reader, reading.note) == (
        True, "covid-19", adjudicator, "both bases"
    )  # fmt: skip
    assert state_of(disputed) == CaseState.DONE
    assert disputed.readings_count == 2


def test_it_is_recorded_without_what_readers_must_not_know(disputed, adjudicator):
    reading = adjudicate(case=disputed, by=adjudicator, finding="covid-19")
    entry = AuditEntry.objects.get(subject_id=reading.pk)
    assert (entry.actor, entry.deed) == (adjudicator, Deed.ENTERED)
    assert (entry.before, entry.after) == ({}, {})


def test_a_reader_who_comes_round_settles_it(disputed, doctor):
    mine = disputed.readings.get(reader=doctor)
    correct(reading=mine, finding="covid-19")
    assert state_of(disputed) == CaseState.DONE


def test_the_second_adjudicator_is_told(disputed, site, study, adjudicator):
    second = makers.doctor_of(site)
    ListReader.objects.create(reading_list=study, reader=second, part=ReaderPart.ADJUDICATOR)
    first = adjudicate(case=disputed, by=adjudicator, finding="normal")
    with pytest.raises(ChangedMeanwhile) as refusal:
        adjudicate(case=disputed, by=second, finding="covid-19")
    assert refusal.value.current == first


def test_an_adjudication_can_be_corrected(disputed, adjudicator):
    first = adjudicate(case=disputed, by=adjudicator, finding="normal")
    second = correct(reading=first, finding="other")
    assert (second.is_adjudication, state_of(disputed)) == (True, CaseState.DONE)


def test_an_adjudication_can_be_taken_back_and_made_anew(disputed, adjudicator):
    undo(reading=adjudicate(case=disputed, by=adjudicator, finding="normal"))
    assert state_of(disputed) == CaseState.ADJUDICATE
    assert adjudicate(case=disputed, by=adjudicator, finding="other").finding == "other"


@pytest.mark.parametrize("name", ["doctor", "site_administrator", "administrator", "stranger"])
def test_only_an_adjudicator_decides(request, disputed, name):
    with pytest.raises(PermissionDenied):
        adjudicate(case=disputed, by=request.getfixturevalue(name), finding="normal")


def test_what_nobody_disagrees_on_is_not_adjudicated(case, adjudicator):
    with pytest.raises(ChangedMeanwhile):
        adjudicate(case=case, by=adjudicator, finding="normal")


def test_nothing_is_decided_in_a_closed_study(disputed, adjudicator):
    ReadingList.objects.update(closed_at=timezone.now())
    with pytest.raises(ListClosed):
        adjudicate(case=disputed, by=adjudicator, finding="normal")


def test_an_unknown_finding_is_none(disputed, adjudicator):
    with pytest.raises(ValueError):
        adjudicate(case=disputed, by=adjudicator, finding="pneumothorax")
