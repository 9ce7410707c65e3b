"""The pages that merge two patients."""

import pytest
from django.urls import reverse

from images.models import Patient, PatientMerge
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
def two(doctor):
    films = [
        factories.make_radiograph(uploader=doctor, seed=seed, patient_code=code)
        for seed, code in enumerate(("KEPT-1", "OLD-2"))
    ]
    return films[0].patient, films[1].patient


def address(two, **query) -> str:
    return reverse("images:patient_merge", args=[two[0].pk], query=query)


@pytest.mark.parametrize(("who", "expected"), list(zip(WHO, SEE, strict=True)))
def test_who_is_asked_for_the_other_code(actor, two, who, expected):
    assert answer_of(actor(who).get(address(two))) == expected


@pytest.mark.parametrize(("who", "expected"), list(zip(WHO, SEE, strict=True)))
def test_who_sees_what_would_happen(actor, two, who, expected):
    assert answer_of(actor(who).get(address(two, other=two[1].pk))) == expected


@pytest.mark.parametrize(("who", "expected"), list(zip(WHO, DO, strict=True)))
def test_who_may_merge(actor, two, who, expected):
    response = actor(who).post(address(two), {"other": two[1].pk})
    assert answer_of(response) == expected
    assert PatientMerge.objects.exists() == (expected == 302)


def test_a_code_leads_to_the_preview_without_being_in_the_address(actor, two):
    response = actor("doctor").post(address(two), {"code": "OLD-2"})
    assert response["Location"] == address(two, other=two[1].pk)


@pytest.mark.parametrize("code", ["", "KEPT-1", "NOBODY", "SECRET-9"])
def test_a_code_that_is_no_other_patient_is_refused(actor, two, other_site, code):
    factories.PatientFactory(site=other_site, code="SECRET-9")
    response = actor("doctor").post(address(two), {"code": code})
    assert response.status_code == 400
    assert response.context["form"].errors["code"]


def test_the_preview_names_who_is_kept_and_how_many_move(actor, two):
    response = actor("doctor").get(address(two, other=two[1].pk))
    found = response.context["preview"]
    assert (found.kept, found.absorbed, found.moving) == (*two, 1)
    assert "KEPT-1" in response.text
    assert "OLD-2" in response.text


def test_reading_the_preview_changes_nothing(actor, two):
    actor("doctor").get(address(two, other=two[1].pk))
    assert Patient.objects.count() == 2


def test_two_sexes_are_asked_about(actor, two):
    for patient, sex in zip(two, "FM", strict=True):
        Patient.objects.filter(pk=patient.pk).update(sex=sex)
    refused = actor("doctor").post(address(two), {"other": two[1].pk})
    assert refused.status_code == 400
    assert refused.context["form"].errors["sex"]
    done = actor("doctor").post(address(two), {"other": two[1].pk, "sex": "F"})
    assert done.status_code == 302
    assert Patient.objects.get().sex == "F"


@pytest.mark.parametrize("other", ["nonsense", "", "self"])
def test_an_impossible_other_is_a_bad_request(actor, two, other):
    other = two[0].pk if other == "self" else other
    assert actor("doctor").get(address(two, other=other)).status_code == 400
    assert actor("doctor").post(address(two), {"other": other}).status_code == 400


def test_a_patient_of_another_institution_looks_like_a_missing_one(actor, two, other_site):
    other = factories.PatientFactory(site=other_site)
    assert actor("doctor").get(address(two, other=other.pk)).status_code == 404
    assert actor("doctor").post(address(two), {"other": other.pk}).status_code == 404
    assert Patient.objects.filter(pk=other.pk).exists()
