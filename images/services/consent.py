"""Consent to research and training, withdrawn and given again.

It is read from the patient's row wherever radiographs leave their institution or teach a model
(`RadiographQuerySet.consented`): exports, what researchers see, similar cases, training. Nothing is
copied, so nothing is forgotten. Staff of the institution still see the radiographs, with a badge.
"""

from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.audit import Deed
from accounts.models import User
from images.audited import note_patient
from images.models import Patient, Radiograph
from images.services.quarantine import forget_sources

GIVEN: Final = {"consent": "given"}
WITHDRAWN: Final = {"consent": "withdrawn"}


@transaction.atomic
def withdraw_consent(*, patient: Patient, by: User) -> bool:
    """Note it, and forget source files that are kept; False when it was withdrawn already."""
    now = timezone.now()
    given = Patient.objects.filter(pk=patient.pk, consent_withdrawn_at=None)
    changed = given.update(consent_withdrawn_at=now, consent_withdrawn_by=by, updated_at=now)
    forget_sources(Radiograph.objects.filter(patient=patient))
    if changed:
        note_patient(Deed.CHANGED, patient, by, GIVEN, WITHDRAWN)
    return bool(changed)


@transaction.atomic
def give_consent_again(*, patient: Patient, by: User | None = None) -> bool:
    """Take the withdrawal back; False when there was none."""
    withdrawn = Patient.objects.filter(pk=patient.pk, consent_withdrawn_at__isnull=False)
    changed = withdrawn.update(
        consent_withdrawn_at=None, consent_withdrawn_by=None, updated_at=timezone.now()
    )
    if changed:
        note_patient(Deed.CHANGED, patient, by, WITHDRAWN, GIVEN)
    return bool(changed)
