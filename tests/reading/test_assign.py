"""Cases that wait for one person."""

import pytest

from accounts.models import AuditEntry
from reading.errors import NotAReader
from reading.models import ListCase
from reading.services import assign, take
from tests.reading import makers
from tests.reading.makers import cases_of


def test_they_wait_for_the_person(doctor, second_doctor, worklist):
    first, _second, third = cases_of(worklist)
    assert assign(cases=[first, third], to=second_doctor, by=doctor) == 2
    waiting = ListCase.objects.filter(assigned_to=second_doctor).order_by("value")
    assert list(waiting) == [first, third]


def test_they_wait_for_anybody_again(doctor, second_doctor, worklist):
    cases = cases_of(worklist)
    assign(cases=cases, to=second_doctor, by=doctor)
    assign(cases=cases, to=None, by=doctor)
    assert not ListCase.objects.exclude(assigned_to=None).exists()


def test_the_same_again_changes_nothing(doctor, second_doctor, worklist):
    cases = cases_of(worklist)
    assign(cases=cases, to=second_doctor, by=doctor)
    assert assign(cases=cases, to=second_doctor, by=doctor) == 0


def test_another_may_take_it_on_purpose(doctor, second_doctor, worklist):
    case = cases_of(worklist)[0]
    assign(cases=[case], to=second_doctor, by=doctor)
    assert take(case=case, reader=doctor).reader == doctor


@pytest.mark.parametrize("name", ["health_worker", "researcher", "stranger", "pending"])
def test_not_for_who_reads_no_cases(request, doctor, worklist, name):
    with pytest.raises(NotAReader):
        assign(cases=cases_of(worklist), to=request.getfixturevalue(name), by=doctor)


def test_not_for_a_doctor_of_another_institution(doctor, other_site, worklist):
    with pytest.raises(NotAReader):
        assign(cases=cases_of(worklist), to=makers.doctor_of(other_site), by=doctor)


def test_not_by_who_does_not_see_them(doctor, other_site, worklist):
    assert assign(cases=cases_of(worklist), to=doctor, by=makers.doctor_of(other_site)) == 0


def test_what_was_read_waits_for_nobody(doctor, second_doctor, worklist, read_by):
    case = cases_of(worklist)[0]
    read_by(doctor, case)
    assert assign(cases=[case], to=second_doctor, by=doctor) == 0


def test_the_cases_of_a_study_are_not_assigned(doctor, second_doctor, study):
    assert assign(cases=cases_of(study), to=second_doctor, by=doctor) == 0


def test_it_is_recorded(doctor, second_doctor, worklist):
    case = cases_of(worklist)[0]
    assign(cases=[case], to=second_doctor, by=doctor)
    entry = AuditEntry.objects.get(subject="case", subject_id=case.pk)
    assert (entry.before, entry.after) == (
        {"assigned_to": ""}, {"assigned_to": str(second_doctor.pk)}
    )  # fmt: skip
