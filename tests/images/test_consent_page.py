"""The page that notes a withdrawn consent."""

import pytest
from django.urls import reverse

from images.models import Patient
from images.services import withdraw_consent
from tests import factories
from tests.images.conftest import SIGN_IN, WAITING, answer_of

pytestmark = pytest.mark.django_db
WHO = (
    "anonymous", "pending", "health_worker", "doctor", "researcher", "administrator",
    "site_administrator", "stranger", "strange_doctor",
)  # fmt: skip
SEE = (SIGN_IN, WAITING, 403, 200, 403, 200, 200, 403, 404)
DO = (SIGN_IN, WAITING, 403, 302, 403, 302, 302, 403, 404)


@pytest.fixture
def strange_doctor(other_site):
    return factories.UserFactory(role="doctor", site=other_site)


@pytest.fixture
def address(film) -> str:
    return reverse("images:patient_consent", args=[film.patient.pk])


def is_withdrawn() -> bool:
    return Patient.objects.get().consent_withdrawn_at is not None


@pytest.mark.parametrize(("who", "expected"), list(zip(WHO, SEE, strict=True)))
def test_who_sees_it(actor, address, who, expected):
    assert answer_of(actor(who).get(address)) == expected
    assert not is_withdrawn()


@pytest.mark.parametrize(("who", "expected"), list(zip(WHO, DO, strict=True)))
def test_who_may_note_it(actor, address, who, expected):
    assert answer_of(actor(who).post(address, {"is_withdrawn": "yes"})) == expected
    assert is_withdrawn() == (expected == 302)


def test_it_can_be_taken_back(actor, address, film, doctor):
    withdraw_consent(patient=film.patient, by=doctor)
    actor("doctor").post(address, {"is_withdrawn": "no"})
    assert not is_withdrawn()


@pytest.mark.parametrize("sent", [{}, {"is_withdrawn": "perhaps"}])
def test_nonsense_is_a_bad_request(actor, address, sent):
    assert actor("doctor").post(address, sent).status_code == 400
    assert not is_withdrawn()


def test_the_patients_page_says_it(actor, film, doctor):
    withdraw_consent(patient=film.patient, by=doctor)
    page = actor("doctor").get(reverse("images:patient", args=[film.patient.pk]))
    assert "bi-shield-x" in page.text
