"""Patients come with their first radiograph and go with their last."""

from django.core.exceptions import ValidationError

from accounts.models import Site
from images.errors import Refused
from images.models import Patient, PatientMerge
from images.models.patient import CODE_MAX_LENGTH, valid_code

OLDEST_AGE = 90  # older is kept as 90: 45 CFR 164.514(b)(2)(i)(C)


def patient_of(*, site: Site, code: str, sex: str = "") -> Patient:
    """A patient as a person named one: not stored until a radiograph is stored for it.

    `sex` is `F`, `M`, `O` or empty. Raises Refused("bad-patient-code").
    """
    code = code.strip()
    try:
        valid_code(code)
    except ValidationError:
        raise Refused("bad-patient-code") from None
    if len(code) > CODE_MAX_LENGTH:
        raise Refused("bad-patient-code")
    return Patient(site=site, code=code, sex=sex)


def settled(named: Patient) -> Patient:
    """The stored row of `named`, created or found by institution and code; the code of a patient
    that a merge absorbed stands for the one that was kept.

    An unknown sex is filled in; raises Refused("other-sex") where the row says another. Runs inside
    the caller's transaction.
    """
    patient = _keeper(named) or _found_or_made(named)
    if patient.sex and named.sex and patient.sex != named.sex:
        raise Refused("other-sex")
    fill_sex(patient, named.sex)
    return patient


def _found_or_made(named: Patient) -> Patient:
    # Locked, so that `forget_if_unused` of somebody else cannot remove it under this transaction.
    patient, created = Patient.objects.select_for_update().get_or_create(
        site_id=named.site_id, code=named.code, defaults={"sex": named.sex}
    )
    # A merge may have taken the code away while this transaction waited for its row.
    keeper = _keeper(named) if created else None
    if keeper is None:
        return patient
    patient.delete()
    return keeper


def _keeper(named: Patient) -> Patient | None:
    """The patient, locked, that the code means since a merge."""
    merges = PatientMerge.objects.filter(site_id=named.site_id, absorbed_code=named.code)
    kept = Patient.objects.select_for_update().filter(pk__in=merges.values("kept"))
    return kept.exclude(code=named.code).first()


def fill_sex(patient: Patient, sex: str) -> None:
    """Note the sex of a patient of whom it was unknown; never overwrites."""
    if sex and not patient.sex:
        patient.sex = sex
        patient.save(update_fields=["sex", "updated_at"])


def forget_if_unused(patient: Patient) -> None:
    """Delete a patient without radiographs: a code alone is still a trace of a person."""
    locked = Patient.objects.select_for_update().filter(pk=patient.pk).first()
    if locked is not None and not locked.radiographs.exists():
        locked.delete()


def kept_age(years: int | None) -> int | None:
    return None if years is None else min(years, OLDEST_AGE)
