"""Patients come with their first radiograph and go with their last."""

from collections.abc import Collection, Sequence
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import F

from accounts.models import Site
from images.errors import Refused
from images.models import Patient, PatientMerge
from images.models.patient import CODE_MAX_LENGTH, valid_code

OLDEST_AGE = 90  # older is kept as 90: 45 CFR 164.514(b)(2)(i)(C)

# Institution and code: by these two a person names a patient.
PatientKey = tuple[UUID, str]


class Apart(Exception):
    """One of several patients cannot be settled together with the others (`settled` can)."""


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


def settled_together(named: Sequence[Patient]) -> list[Patient]:
    """The stored rows of `named` in their order, as `settled` gives them, in a few statements.

    Raises Apart where one of them needs more than to be found or created: a code that a merge
    absorbed, a sex that the row does not say. Runs inside the caller's transaction.
    """
    wanted: dict[PatientKey, Patient] = {}
    for each in named:
        wanted.setdefault((each.site_id, each.code), each)
    rows = _locked(wanted)
    new = {key: patient for key, patient in wanted.items() if key not in rows}
    # In one order, so that of two that create the same patients neither waits for the other.
    Patient.objects.bulk_create(new[key] for key in sorted(new))
    # As in `_found_or_made`: a merge may have taken a code away while this transaction waited.
    if absorbed_codes(wanted):
        raise Apart
    settled_rows = [(rows | new)[each.site_id, each.code] for each in named]
    if any(own.sex not in ("", row.sex) for own, row in zip(named, settled_rows, strict=True)):
        raise Apart
    return settled_rows


def _locked(keys: Collection[PatientKey]) -> dict[PatientKey, Patient]:
    """Those that exist, locked in the order of their keys, as every merge locks them."""
    of_sites = Patient.objects.select_for_update().filter(site__in={site for site, _ in keys})
    found = of_sites.filter(code__in={code for _, code in keys}).order_by("pk")
    return {(row.site_id, row.code): row for row in found if (row.site_id, row.code) in keys}


def absorbed_codes(keys: Collection[PatientKey]) -> set[PatientKey]:
    """Which of these codes mean another patient since a merge."""
    of_sites = PatientMerge.objects.filter(site__in={site for site, _ in keys})
    merges = of_sites.filter(absorbed_code__in={code for _, code in keys})
    elsewhere = merges.exclude(kept__code=F("absorbed_code"))
    return set(elsewhere.values_list("site", "absorbed_code")) & set(keys)


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
    if not merges.exists():
        return None
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
