"""Corrections of the facts beside the pixels."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from images.models import Patient
from tests import factories

TYPED = {
    "patient_code": "P-0001", "sex": "M", "view": "PA", "age_years": "61",
    "acquired_on": "2020-05-01", "source": "portable", "notes": "supine",
}  # fmt: skip


def edit(client, film, **typed):
    return client.post(reverse("images:edit", args=[film.pk]), TYPED | typed)


def test_stores_the_changes(actor, film):
    response = edit(actor("doctor"), film)
    assert response.headers["Location"] == film.get_absolute_url()
    film.refresh_from_db()
    assert (film.view, film.age_years, film.acquired_on) == ("PA", 61, date(2020, 5, 1))
    assert (film.source, film.notes, film.patient.sex) == ("portable", "supine", "M")


def test_shows_what_is_stored(actor, film):
    page = actor("doctor").get(reverse("images:edit", args=[film.pk]))
    assert page.context["form"]["patient_code"].value() == "P-0001"


def test_touches_neither_pixels_nor_truth(actor, film):
    before = (film.file.name, film.pixel_sha256)
    edit(actor("doctor"), film)
    film.refresh_from_db()
    assert (film.file.name, film.pixel_sha256) == before
    assert [truth.result for truth in film.truths.all()] == ["positive"]


def test_another_code_moves_it_to_that_patient(actor, film, doctor):
    factories.make_radiograph(uploader=doctor, seed=8, patient_code="P-0008", sex="M")
    edit(actor("doctor"), film, patient_code="P-0008")
    film.refresh_from_db()
    assert film.patient.code == "P-0008"
    assert film.patient.radiographs.count() == 2


def test_a_patient_without_radiographs_is_forgotten(actor, film):
    edit(actor("doctor"), film, patient_code="P-0009")
    assert [patient.code for patient in Patient.objects.all()] == ["P-0009"]


def test_a_patient_with_others_stays(actor, film, doctor):
    factories.make_radiograph(uploader=doctor, seed=8)
    edit(actor("doctor"), film, patient_code="P-0009")
    assert {patient.code for patient in Patient.objects.all()} == {"P-0001", "P-0009"}


@pytest.mark.parametrize(
    "typed",
    [
        {"patient_code": "María Gómez"},
        {"patient_code": ""},
        {"age_years": "200"},
        {"acquired_on": str(date.today() + timedelta(days=2))},
        {"notes": "x" * 501},
    ],
)
def test_refuses_and_changes_nothing(actor, film, typed):
    response = edit(actor("doctor"), film, **typed)
    assert response.status_code == 400
    assert set(response.context["form"].errors) == set(typed)
    film.refresh_from_db()
    assert (film.view, film.patient.code, film.patient.sex) == ("", "P-0001", "")


def test_refuses_a_patient_of_another_sex(actor, film, doctor):
    factories.make_radiograph(uploader=doctor, seed=8, patient_code="P-0008", sex="F")
    response = edit(actor("doctor"), film, patient_code="P-0008", sex="M")
    assert response.status_code == 400
    film.refresh_from_db()
    assert film.patient.code == "P-0001"


def test_an_empty_form_is_refused(actor, film):
    assert actor("doctor").post(reverse("images:edit", args=[film.pk])).status_code == 400
