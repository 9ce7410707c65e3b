"""Consent withdrawn and given again: what it takes away, from whom."""

import pytest

from accounts.roles import Role
from images import exports
from images.models import Patient, Radiograph
from images.services import give_consent_again, withdraw_consent
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def withdrawn(film, doctor):
    """The confirmed film, its patient's consent withdrawn."""
    film.site.shares_with_researchers = True
    film.site.save()
    withdraw_consent(patient=film.patient, by=doctor)
    return film


def test_it_is_noted_by_whom(withdrawn, doctor):
    patient = Patient.objects.get()
    assert patient.consent_withdrawn_at is not None
    assert patient.consent_withdrawn_by == doctor


def test_withdrawing_twice_changes_nothing(withdrawn, site_administrator, doctor):
    assert not withdraw_consent(patient=withdrawn.patient, by=site_administrator)
    assert Patient.objects.get().consent_withdrawn_by == doctor


def test_given_again_all_is_as_before(withdrawn):
    assert give_consent_again(patient=withdrawn.patient)
    patient = Patient.objects.get()
    assert (patient.consent_withdrawn_at, patient.consent_withdrawn_by) == (None, None)
    assert list(exports.labelled(Radiograph.objects.all())) == [withdrawn]


def test_what_was_not_withdrawn_is_not_given_again(film):
    assert not give_consent_again(patient=film.patient)


def test_it_leaves_the_exports(withdrawn):
    assert not exports.labelled(Radiograph.objects.all()).exists()


@pytest.mark.parametrize("own", [True, False])
def test_researchers_do_not_see_it(withdrawn, own):
    site = withdrawn.site if own else factories.SiteFactory()
    researcher = factories.UserFactory(role=Role.RESEARCHER, site=site)
    assert not Radiograph.objects.visible_to(researcher).exists()


@pytest.mark.parametrize("who", ["health_worker", "doctor", "site_administrator", "administrator"])
def test_staff_still_see_it(withdrawn, request, who):
    person = request.getfixturevalue(who)
    assert list(Radiograph.objects.visible_to(person)) == [withdrawn]


def test_other_patients_stay(withdrawn, doctor):
    other = factories.make_radiograph(
        uploader=doctor, seed=5, patient_code="P-9", rt_pcr="negative"
    )
    assert list(exports.labelled(Radiograph.objects.all())) == [other]


def test_staff_see_a_badge(withdrawn, sign_in, doctor):
    page = sign_in(doctor).get(withdrawn.get_absolute_url(), headers={"accept-language": "en"})
    assert "Consent withdrawn" in page.text or "Consentimiento retirado" in page.text
