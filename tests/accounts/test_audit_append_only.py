"""What was recorded stays as it was recorded."""

from datetime import timedelta

import pytest
from django.db.models import ProtectedError

from accounts.audit import Deed, Way, by_way, note, note_sight, together
from accounts.audit_entry import Recorded
from accounts.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(doctor):
    return note(actor=doctor, deed=Deed.CHANGED, subject="radiograph", after={"view": "PA"})


def test_a_row_is_not_saved_again(entry):
    entry.subject = "patient"
    with pytest.raises(Recorded):
        entry.save()


def test_a_row_read_again_is_not_saved_either(entry):
    with pytest.raises(Recorded):
        AuditEntry.objects.get(pk=entry.pk).save(update_fields=["after"])


def test_rows_are_not_updated(entry):
    with pytest.raises(Recorded):
        AuditEntry.objects.filter(pk=entry.pk).update(subject="patient")


def test_rows_are_not_updated_in_bulk(entry):
    with pytest.raises(Recorded):
        AuditEntry.objects.bulk_update([entry], ["subject"])


def test_a_row_is_not_deleted(entry):
    with pytest.raises(Recorded):
        entry.delete()


def test_rows_are_not_deleted(entry):
    with pytest.raises(Recorded):
        AuditEntry.objects.all().delete()


def test_whose_deeds_are_recorded_stays(entry, doctor):
    with pytest.raises(ProtectedError):
        doctor.delete()


def test_an_institution_with_a_record_stays(site):
    note(actor=None, deed=Deed.CHANGED, subject="site", site=site)
    with pytest.raises(ProtectedError):
        site.delete()


def test_the_role_is_the_one_of_then(entry, doctor):
    doctor.role = "researcher"
    doctor.save()
    assert AuditEntry.objects.get().role == "doctor"


def test_looks_within_ten_minutes_are_one(doctor, site, entry):
    for _look in range(3):
        note_sight(
            actor=doctor, subject="radiograph", subject_id=entry.pk, site=site, patient_id=None
        )
    assert AuditEntry.objects.filter(deed="saw").count() == 1


def test_a_look_is_not_another_persons(doctor, health_worker, site, entry):
    for actor in (doctor, health_worker):
        note_sight(
            actor=actor, subject="radiograph", subject_id=entry.pk, site=site, patient_id=None
        )
    assert AuditEntry.objects.filter(deed="saw").count() == 2


def test_a_later_look_is_another_one(doctor, site, entry, monkeypatch):
    monkeypatch.setattr("accounts.audit.ONE_LOOK", timedelta(0))
    for _look in range(2):
        note_sight(
            actor=doctor, subject="radiograph", subject_id=entry.pk, site=site, patient_id=None
        )
    assert AuditEntry.objects.filter(deed="saw").count() == 2


def test_a_look_costs_two_queries_and_then_one(doctor, site, entry, django_assert_num_queries):
    look = {"subject": "radiograph", "subject_id": entry.pk, "site": site, "patient_id": None}
    with django_assert_num_queries(2):
        note_sight(actor=doctor, **look)
    with django_assert_num_queries(1):
        note_sight(actor=doctor, **look)


def test_many_deeds_are_one_insert(doctor, django_assert_num_queries):
    with django_assert_num_queries(1), together():
        for _each in range(30):
            note(actor=doctor, deed=Deed.CHANGED, subject="radiograph")
    assert AuditEntry.objects.count() == 30


def test_what_was_undone_is_forgotten(doctor):
    def undone():
        with together():
            note(actor=doctor, deed=Deed.CHANGED, subject="radiograph")
            raise ValueError

    with together():
        with pytest.raises(ValueError):
            undone()
        note(actor=doctor, deed=Deed.CHANGED, subject="patient")
    assert [entry.subject for entry in AuditEntry.objects.all()] == ["patient"]


def test_the_way_is_told_once_for_all_inside(doctor):
    with by_way(Way.TABLE):
        note(actor=doctor, deed=Deed.CHANGED, subject="truth")
        note(actor=doctor, deed=Deed.CHANGED, subject="truth", way=Way.API)
    note(actor=doctor, deed=Deed.CHANGED, subject="truth")
    note(actor=None, deed=Deed.CHANGED, subject="truth")
    ways = AuditEntry.objects.order_by("created_at").values_list("way", flat=True)
    assert list(ways) == ["table", "api", "page", "task"]
