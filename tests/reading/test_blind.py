"""Who sees whose reading, and when."""

import pytest
from django.utils import timezone

from accounts.models import AuditEntry, Deed
from reading.models import ReadingList
from reading.services import adjudicate, readings_of
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


@pytest.fixture
def closed(disputed):
    ReadingList.objects.update(closed_at=timezone.now())
    disputed.reading_list.refresh_from_db()
    return disputed


def findings(case, user):
    return sorted(seen.finding for seen in readings_of(case, user))


def named(case, user):
    return [seen.reader for seen in readings_of(case, user) if not seen.is_own]


def test_a_reader_of_a_running_study_sees_only_their_own(disputed, doctor, second_doctor):
    assert findings(disputed, doctor) == ["normal"]
    assert findings(disputed, second_doctor) == ["covid-19"]


def test_an_administrator_who_reads_is_as_blind(site, doctor, site_administrator, read_by):
    study = makers.make_study(site, doctor, [doctor, site_administrator])
    case = cases_of(study)[0]
    read_by(doctor, case)
    assert findings(case, site_administrator) == []


def test_once_it_is_closed_readers_see_all(closed, doctor, second_doctor):
    assert findings(closed, doctor) == ["covid-19", "normal"]
    assert named(closed, doctor) == [second_doctor]


def test_an_adjudicator_sees_nothing_before_the_readers_are_done(
    case, doctor, adjudicator, read_by
):
    read_by(doctor, case)
    assert findings(case, adjudicator) == []


def test_an_adjudicator_sees_findings_without_names(disputed, adjudicator):
    assert findings(disputed, adjudicator) == ["covid-19", "normal"]
    assert named(disputed, adjudicator) == [None, None]


def test_an_adjudicator_never_learns_the_names(closed, adjudicator):
    assert named(closed, adjudicator) == [None, None]


def test_the_number_tells_readers_apart(disputed, adjudicator):
    assert sorted(seen.number for seen in readings_of(disputed, adjudicator)) == [1, 2]


def test_the_number_of_a_reader_is_not_the_same_in_every_case(
    site, doctor, second_doctor, adjudicator, read_by
):
    study = makers.make_study(site, doctor, [doctor, second_doctor], [adjudicator], cases=12)
    numbers = set()
    for case in cases_of(study):
        read_by(doctor, case, "normal")
        read_by(second_doctor, case, "covid-19")
        case.refresh_from_db()
        seen = readings_of(case, adjudicator)
        numbers |= {each.number for each in seen if each.finding == "normal"}
    assert numbers == {1, 2}


def test_who_manages_studies_and_has_no_part_sees_all(disputed, site_administrator):
    assert findings(disputed, site_administrator) == ["covid-19", "normal"]
    assert None not in named(disputed, site_administrator)


def test_an_adjudication_is_among_them(disputed, adjudicator, site_administrator):
    adjudicate(case=disputed, by=adjudicator, finding="other")
    assert findings(disputed, site_administrator) == ["covid-19", "normal", "other"]


@pytest.mark.parametrize("name", ["health_worker", "researcher", "stranger", "pending"])
def test_who_reads_no_cases_sees_nothing(request, closed, name):
    assert readings_of(closed, request.getfixturevalue(name)) == []


def test_a_doctor_of_another_institution_sees_nothing(closed, other_site):
    assert readings_of(closed, makers.doctor_of(other_site)) == []


def test_a_doctor_without_a_part_sees_nothing_of_a_study(closed, site):
    assert readings_of(closed, makers.doctor_of(site)) == []


def test_double_reading_is_blind_until_both_have_read(doctor, second_doctor, double_list, read_by):
    case = cases_of(double_list)[0]
    read_by(doctor, case, "normal")
    case.refresh_from_db()
    assert (findings(case, doctor), findings(case, second_doctor)) == (["normal"], [])
    read_by(second_doctor, case, "other")
    case.refresh_from_db()
    assert findings(case, second_doctor) == ["normal", "other"]


def test_the_record_of_deeds_does_not_tell_what_was_found_in_a_study(disputed):
    entries = AuditEntry.objects.filter(subject="reading")
    assert {entry.deed for entry in entries} == {Deed.ENTERED}
    assert [(entry.before, entry.after) for entry in entries] == [({}, {})] * 2


def test_the_record_of_deeds_tells_both_findings_of_a_worklist(worklist, doctor, read_by):
    read_by(doctor, cases_of(worklist)[0], "covid-19")
    entry = AuditEntry.objects.get(subject="reading")
    assert (entry.before, entry.after) == ({"finding": ""}, {"finding": "covid-19"})
