"""What a person took out, and what of it is to be deleted: the two pages."""

import pytest
from django.urls import reverse

from images.models import Export, ExportedRadiograph
from images.models.export import ExportKind
from images.services import delete_for_good, give_consent_again, trash, withdraw_consent
from images.services.export_record import gone_from
from tests import factories
from tests.images.conftest import SIGN_IN, WAITING, answer_of

pytestmark = pytest.mark.django_db
LIST = "/images/exports/"


@pytest.fixture
def export(film, doctor) -> Export:
    """Of the doctor, with `film` in it."""
    made = Export.objects.create(owner=doctor, kind=ExportKind.CSV, cases=1)
    ExportedRadiograph.objects.create(export=made, key=film.pk, radiograph=film)
    return made


def page(export) -> str:
    return reverse("images:export", args=[export.pk])


ACCESS = {
    #                     list     one
    "anonymous":          (SIGN_IN, SIGN_IN),
    "pending":            (WAITING, WAITING),
    "health_worker":      (403, 403),
    "doctor":             (200, 200),
    "researcher":         (200, 404),
    "site_administrator": (200, 404),
    "administrator":      (200, 200),
    "stranger":           (403, 403),
}  # fmt: skip


@pytest.mark.parametrize("who", ACCESS)
def test_who_sees_what(actor, export, who):
    client = actor(who)
    found = answer_of(client.get(LIST)), answer_of(client.get(page(export)))
    assert found == ACCESS[who]


@pytest.mark.parametrize(("who", "count"), [("researcher", 0), ("doctor", 1), ("administrator", 1)])
def test_a_person_sees_their_own(actor, export, who, count):
    assert len(actor(who).get(LIST).context["page"]) == count


def test_nothing_is_to_be_deleted_at_first(actor, export):
    assert actor("doctor").get(LIST).context["page"][0].gone == 0
    assert gone_from(export) == []


def test_a_withdrawn_case_is_named(actor, export, film, doctor):
    withdraw_consent(patient=film.patient, by=doctor)
    assert actor("doctor").get(LIST).context["page"][0].gone == 1
    assert str(film.pk) in actor("doctor").get(page(export)).text


def test_a_deleted_case_is_named(actor, export, film, doctor):
    key = film.pk
    trash(radiograph=film, by=doctor)
    delete_for_good(radiograph=film)
    assert gone_from(export) == [key]
    assert str(key) in actor("doctor").get(page(export)).text


def test_the_trash_is_not_the_end_yet(export, film, doctor):
    trash(radiograph=film, by=doctor)
    assert gone_from(export) == []


def test_given_again_it_may_be_kept(export, film, doctor):
    withdraw_consent(patient=film.patient, by=doctor)
    give_consent_again(patient=film.patient)
    assert gone_from(export) == []


def test_other_cases_are_not_named(actor, export, doctor):
    other = factories.make_radiograph(uploader=doctor, seed=8, patient_code="P-8")
    ExportedRadiograph.objects.create(export=export, key=other.pk, radiograph=other)
    withdraw_consent(patient=other.patient, by=doctor)
    assert gone_from(export) == [other.pk]
