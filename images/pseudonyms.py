"""Names of patients for people outside the institution: stable, and impossible to turn back."""

from accounts.models import User
from accounts.roles import Capability
from images.keys import keyed_hash
from images.models import Patient

PURPOSE = "export-pseudonym"
DIGITS = 24  # 96 bits: no collision to expect among billions of patients


def pseudonym(patient: Patient) -> str:
    """`p` and 24 hex digits: a keyed hash of the patient's key (images.keys, IDENTITY_KEY).

    The institution's own code does not enter, so that nobody can test guesses of it. It hangs on
    IDENTITY_KEY and not on SECRET_KEY, which is changed whenever sessions must end at once: data
    sets that went out before and after would no longer name one patient alike.
    """
    return "p" + keyed_hash(patient.site_id, PURPOSE, patient.pk.hex)[:DIGITS]


def sees_patient_codes(user: User) -> bool:
    """Staff of the institution do; researchers never (as in `Patient.objects.visible_to`)."""
    return user.can(Capability.ADD_RADIOGRAPHS)
