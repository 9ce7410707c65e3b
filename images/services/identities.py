"""Identifiers of a DICOM header become pseudonyms at the door, and an administrator's way back."""

import base64
import json
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.audit import Deed
from accounts.models import Site, User
from accounts.roles import Capability
from images.audited import note_patient
from images.decoding import Decoded, Identity
from images.decoding.dicom_report import PATIENT_KEYWORDS, tags_of
from images.keys import Unsealable, keyed_hash, sealed, unsealed
from images.models import Patient, PatientIdentity, Radiograph
from images.services.patients import fill_sex, settled
from images.shifting import days_moved, shifted_day

PURPOSE: Final = "patient-identifier"
# 50 bits; the longer code is taken in the one case in a thousand that a million patients meet.
CODE_DIGITS: Final = (10, 20)
_SEALED_STEP: Final = 64

logger = logging.getLogger(__name__)


@dataclass(frozen=True, repr=False)
class Identifier:
    """A patient's identifier as a DICOM header said it, and who gave it."""

    patient_id: str
    issuer: str


@dataclass(frozen=True, repr=False)
class Revealed:
    """`unreadable` counts identifiers that were sealed under another key; `days` is how far dates
    of DICOM headers were moved back."""

    identifiers: list[Identifier]
    unreadable: int
    days: int


def pseudonymise(
    *, radiograph: Radiograph, named: Patient, decoded: Decoded, header_decides: bool
) -> None:
    """Fill in patient, UIDs, day and report of a radiograph that is about to be stored.

    `named` is the patient as a person said it; with `header_decides` only where the header names
    nobody. An identifier that does not decide is not kept, sealed or otherwise. Runs inside the
    caller's transaction. Raises Refused("other-sex").
    """
    site, identity = named.site, decoded.identity
    from_header = header_decides and identity.names_patient
    radiograph.patient = patient_for(site, identity) if from_header else settled(named)
    fill_sex(radiograph.patient, decoded.facts.get("patient_sex", ""))
    fill_in_pseudonyms(
        radiograph=radiograph, site=site, decoded=decoded, patient_is_hashed=from_header
    )


def fill_in_pseudonyms(
    *, radiograph: Radiograph, site: Site, decoded: Decoded, patient_is_hashed: bool
) -> None:
    """UIDs, day and report of a radiograph that has its patient.

    `patient_is_hashed`: the patient is who the header named, so that the report says "hashed".
    """
    identity = decoded.identity
    radiograph.study_uid = remapped_uid(site, identity.study_uid)
    radiograph.series_uid = remapped_uid(site, identity.series_uid)
    radiograph.instance_uid = remapped_uid(site, identity.instance_uid)
    report = decoded.report
    if not patient_is_hashed:
        report = report.with_action(tags_of(PATIENT_KEYWORDS), "removed")
    day = identity.study_date
    if radiograph.acquired_on is None and day is not None and day <= timezone.localdate():
        radiograph.acquired_on = shifted_day(radiograph.patient, day)
        radiograph.date_is_shifted = True
    elif identity.day_keyword:
        report = report.with_action(tags_of((identity.day_keyword,)), "removed")
    radiograph.deidentification = report.to_json()


def patient_for(site: Site, identity: Identity) -> Patient:
    """The stored patient of a DICOM identity, created at first sight and locked.

    Code: `D-` and 10 base32 digits of a keyed hash. The identifier itself is sealed for the
    institution's administrator (`reveal`). Runs inside the caller's transaction. Raises ValueError
    for an identity that names nobody.
    """
    if not identity.names_patient:
        raise ValueError("no patient is named")
    text = json.dumps([identity.patient_id.casefold(), identity.issuer.casefold()])
    lookup = keyed_hash(site.pk, PURPOSE, text)
    known = PatientIdentity.objects.filter(site=site, lookup=lookup).values("patient")
    patient = Patient.objects.select_for_update().filter(pk__in=known).first()
    if patient is not None:
        return patient
    patient = settled(Patient(site=site, code=_free_code(site, text)))
    row, _created = PatientIdentity.objects.get_or_create(
        site=site, lookup=lookup, defaults={"patient": patient, "sealed": _sealed(site, identity)}
    )
    return row.patient


def _free_code(site: Site, text: str) -> str:
    digest = bytes.fromhex(keyed_hash(site.pk, "patient-code", text))
    digits = base64.b32encode(digest).decode()
    codes = [f"D-{digits[:count]}" for count in CODE_DIGITS]
    taken = PatientIdentity.objects.filter(site=site, patient__code=codes[0]).exists()
    return codes[1 if taken else 0]


def _sealed(site: Site, identity: Identity) -> bytes:
    content = json.dumps({"id": identity.patient_id, "issuer": identity.issuer}).encode()
    # Padded: the length of what is sealed would tell the length of the identifier.
    length = -(-len(content) // _SEALED_STEP) * _SEALED_STEP
    return sealed(site.pk, PURPOSE, content.ljust(length))


def remapped_uid(site: Site, uid: str) -> str:
    """`2.25.` and a number of 128 bits (PS3.5 B.2): equal for equal UIDs of an institution."""
    return f"2.25.{int(keyed_hash(site.pk, 'uid', uid)[:32], 16)}" if uid else ""


def settle_day(radiograph: Radiograph, *, typed: bool, before: Patient) -> None:
    """Keep the day right where a person typed it, or where the radiograph changed its patient.

    A day that a person typed is the true one; a moved one moves on with the new patient. Does not
    save: `date_is_shifted` and `acquired_on` are the caller's to store.
    """
    if typed:
        radiograph.date_is_shifted = False
    elif radiograph.date_is_shifted and radiograph.acquired_on is not None:
        apart = days_moved(before) - days_moved(radiograph.patient)
        radiograph.acquired_on += timedelta(days=apart)


def reveal(*, patient: Patient, by: User) -> Revealed:
    """Open the sealed identifiers of a patient of one's own institution, and note who did.

    Raises PermissionDenied for everybody but the institution's own administrators: those of the
    whole platform have no right to identities either.
    """
    if by.site_id != patient.site_id or not by.can(Capability.REVEAL_IDENTITY):
        raise PermissionDenied
    rows = list(patient.identities.order_by("created_at"))
    opened = [identifier for row in rows if (identifier := _opened(row)) is not None]
    logger.warning("identity revealed patient=%s by=%s", patient.pk, by.pk)
    note_patient(Deed.SAW, patient, by, subject="identity")
    return Revealed(opened, len(rows) - len(opened), days_moved(patient))


def _opened(row: PatientIdentity) -> Identifier | None:
    try:
        content = json.loads(unsealed(row.site_id, PURPOSE, bytes(row.sealed)))
    except Unsealable:
        return None
    return Identifier(content["id"], content["issuer"])
