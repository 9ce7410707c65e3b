"""GET /images/patients/<id>/identity/"""

import io
import logging
import uuid

import pytest
from django.urls import reverse

from images.models import Patient
from images.services import patient_of, store_radiograph
from images.shifting import days_moved
from tests import factories
from tests.accounts.helpers import log_in, reauthenticate
from tests.images.malformed import dicom

SECRET = "HC-4711-0815"


@pytest.fixture
def patient(doctor) -> Patient:
    stored = store_radiograph(
        stream=io.BytesIO(dicom(PatientID=SECRET)), uploader=doctor, header_decides=True,
        patient=patient_of(site=doctor.site, code="new-1"),
    )  # fmt: skip
    return stored.radiograph.patient


def url_of(patient) -> str:
    return reverse("images:identity", args=[patient.pk])


@pytest.fixture
def look(client):
    """`look(user, patient)`: a person who has just typed the password again looks."""

    def answer(user, patient):
        log_in(client, user.email)
        reauthenticate(client)
        return client.get(url_of(patient))

    return answer


def test_the_administrator_of_the_institution_sees_who_it_is(
    look, patient, site_administrator
) -> None:
    page = look(site_administrator, patient).content.decode()
    assert SECRET in page
    assert f" {days_moved(patient)} " in page


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("health_worker", 403), ("doctor", 403), ("researcher", 403), ("stranger", 403),
        ("administrator", 302), ("anonymous", 302),
    ],
)  # fmt: skip
def test_nobody_else_does(actor, patient, name, status) -> None:
    """302: to the password; what comes behind it is told apart below."""
    answer = actor(name).get(url_of(patient))
    assert answer.status_code == status
    assert SECRET.encode() not in answer.content


def test_the_administrator_of_the_platform_does_not_even_with_the_password(
    look, patient, administrator
) -> None:
    assert look(administrator, patient).status_code == 404


def test_another_institution_looks_like_a_missing_patient(look, patient, other_site) -> None:
    other = factories.UserFactory(role="administrator", site=other_site)
    assert look(other, patient).status_code == 404


def test_a_missing_patient_is_missing(look, site_administrator) -> None:
    assert look(site_administrator, Patient(pk=uuid.uuid4())).status_code == 404


def test_the_password_is_asked_for_again(sign_in, patient, site_administrator) -> None:
    answer = sign_in(site_administrator).get(url_of(patient))
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("account_reauthenticate"))


def test_each_look_is_logged_by_keys_alone(look, patient, site_administrator, caplog) -> None:
    caplog.set_level(logging.INFO)
    look(site_administrator, patient)
    said = [record.getMessage() for record in caplog.records]
    assert f"identity revealed patient={patient.pk} by={site_administrator.pk}" in said
    assert SECRET not in caplog.text


def test_the_page_is_kept_by_no_browser(look, patient, site_administrator) -> None:
    assert "no-store" in look(site_administrator, patient)["Cache-Control"]


def test_a_patient_that_a_person_named_has_no_identifier(look, site_administrator) -> None:
    film = factories.make_radiograph(site=site_administrator.site)
    page = look(site_administrator, film.patient).content.decode()
    assert "card" in page
    assert SECRET not in page


def test_a_lost_key_is_said(look, patient, site_administrator, settings) -> None:
    settings.IDENTITY_KEY = "another key"
    assert b"bi-key" in look(site_administrator, patient).content


@pytest.mark.parametrize(("name", "sees"), [("doctor", False), ("site_administrator", True)])
def test_the_radiograph_leads_there(actor, patient, name, sees) -> None:
    film = patient.radiographs.get()
    page = actor(name).get(film.get_absolute_url()).content.decode()
    assert (url_of(patient) in page) is sees


def test_the_radiograph_shows_its_report(sign_in, patient, doctor) -> None:
    page = sign_in(doctor).get(patient.radiographs.get().get_absolute_url()).content.decode()
    assert "(0010,0010) PatientName" in page
    assert 'id="deidentification"' in page
