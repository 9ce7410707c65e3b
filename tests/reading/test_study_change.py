"""A study may be changed until somebody has read; then it can only be closed."""

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import AuditEntry
from reading.models import ReaderPart, Turn
from reading.services import next_turn
from reading.services.studies import change_study, close_study
from reading.study_errors import StudyRefused
from tests.reading.studies import cases_of, doctor_of, films_of, read, study_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def films(site):
    return films_of(site, "pn")


@pytest.fixture
def readers(site, doctor):
    return [doctor, doctor_of(site, "Second Doctor")]


@pytest.fixture
def study(site_administrator, films, readers):
    return study_of(site_administrator, films, readers)


@pytest.fixture
def change(study, site_administrator, readers):
    def do(**facts):
        given = {
            "by": site_administrator, "name": "Other", "purpose": "Why", "readers": readers,
            "adjudicator": None, "hides_model": False,
        }  # fmt: skip
        return change_study(study=study, **(given | facts))

    return do


def test_words_rules_and_people(change, study, site, readers):
    third, judge = doctor_of(site, "Third"), doctor_of(site, "Judge")
    change(readers=[third, *readers], adjudicator=judge)

    study.refresh_from_db()
    assert (study.name, study.purpose, study.hides_model) == ("Other", "Why", False)
    assert study.readings_needed == 3
    parts = study.parts.filter(part=ReaderPart.READER).values_list("reader", flat=True)
    assert list(parts) == [third.pk, *(reader.pk for reader in readers)]


def test_both_states_are_audited(change, study):
    change()
    entry = AuditEntry.objects.get(subject="study", subject_id=study.pk, deed="changed")
    assert (entry.before["name"], entry.after["name"]) == ("Two doctors", "Other")


def test_what_somebody_holds_is_let_go(change, study, readers):
    next_turn(reader=readers[0], reading_list=study)
    change()
    assert not Turn.objects.filter(case__reading_list=study).exists()


def test_not_once_somebody_has_read(change, study, films, readers):
    read(cases_of(study, films)[0], readers[0], "c")
    with pytest.raises(StudyRefused) as refused:
        change()
    assert refused.value.code == "has-readings"


def test_not_even_when_it_was_taken_back(change, study, films, readers):
    case = cases_of(study, films)[0]
    first = read(case, readers[0], "c", is_current=False)
    case.readings.create(
        radiograph=films[0], reader=readers[0], finding="", supersedes=first, is_current=True
    )
    with pytest.raises(StudyRefused):
        change()


def test_not_once_it_is_closed(change, study, site_administrator):
    close_study(study=study, by=site_administrator)
    with pytest.raises(StudyRefused) as refused:
        change()
    assert refused.value.code == "closed"


def test_people_are_looked_at_again(change, readers):
    with pytest.raises(StudyRefused) as refused:
        change(readers=readers[:1])
    assert refused.value.code == "few-readers"


def test_closing_is_done_once_and_audited(study, site_administrator):
    assert close_study(study=study, by=site_administrator)
    assert not close_study(study=study, by=site_administrator)

    study.refresh_from_db()
    entry = AuditEntry.objects.get(subject="study", subject_id=study.pk, deed="changed")
    assert entry.after == {"closed_at": study.closed_at.isoformat()}


def test_doctors_close_nothing(study, doctor):
    with pytest.raises(PermissionDenied):
        close_study(study=study, by=doctor)
