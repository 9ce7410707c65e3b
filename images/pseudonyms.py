"""Names of patients for people outside the institution: stable, and impossible to turn back."""

from django.utils.crypto import salted_hmac

from accounts.models import User
from accounts.roles import Capability
from images.models import Patient

SALT = "covid-xr.patient-pseudonym"
DIGITS = 24  # 96 bits: no collision to expect among billions of patients


def pseudonym(patient: Patient) -> str:
    """`p` and 24 hex digits: HMAC-SHA-256 of the patient's key under a key derived from SECRET_KEY.

    The institution's own code does not enter, so that nobody can test guesses of it. A new
    SECRET_KEY gives new pseudonyms.
    """
    return "p" + salted_hmac(SALT, patient.pk.hex, algorithm="sha256").hexdigest()[:DIGITS]


def sees_patient_codes(user: User) -> bool:
    """Staff of the institution do; researchers never (as in `Patient.objects.visible_to`)."""
    return user.can(Capability.ADD_RADIOGRAPHS)
