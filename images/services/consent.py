"""Consent to research and training, withdrawn and given again.

It is read from the patient's row wherever radiographs leave their institution or teach a model
(`RadiographQuerySet.consented`): exports, what researchers see, similar cases, training. Nothing is
copied, so nothing is forgotten. Staff of the institution still see the radiographs, with a badge.
"""

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from images.models import Patient, Radiograph
from images.services.quarantine import forget_sources


@transaction.atomic
def withdraw_consent(*, patient: Patient, by: User) -> bool:
    """Note it, and forget source files that are kept; False when it was withdrawn already."""
    now = timezone.now()
    given = Patient.objects.filter(pk=patient.pk, consent_withdrawn_at=None)
    changed = given.update(consent_withdrawn_at=now, consent_withdrawn_by=by, updated_at=now)
    forget_sources(Radiograph.objects.filter(patient=patient))
    return bool(changed)


def give_consent_again(*, patient: Patient) -> bool:
    """Take the withdrawal back; False when there was none."""
    withdrawn = Patient.objects.filter(pk=patient.pk, consent_withdrawn_at__isnull=False)
    changed = withdrawn.update(
        consent_withdrawn_at=None, consent_withdrawn_by=None, updated_at=timezone.now()
    )
    return bool(changed)
