"""A file from outside becomes a radiograph of the clinical record, or leaves no trace."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.audit import Deed
from accounts.models import Site, User
from accounts.roles import Capability
from images.audited import facts_of, note_radiograph
from images.decoding import Decoded, Limits, decode
from images.errors import Refused
from images.models import Patient, QuarantinedSource, Radiograph, View
from images.quotas import count_stored
from images.services.files import written_files
from images.services.identities import pseudonymise
from images.services.patients import kept_age
from images.services.quarantine import source_kept
from images.services.redaction import writing_facts
from images.services.truth import TruthGiven, check_truths, record_truths
from images.signals import images_ready
from images.spool import digest
from images.storage import room_in_database

# View Position of DICOM (PS3.3 C.8.11.5) in our words.
VIEW_OF_DICOM = {"PA": View.PA, "AP": View.AP, "LL": View.LATERAL}


@dataclass(frozen=True)
class StoredRadiograph:
    """`created` is False where the institution already had these pixels: nothing was added."""

    radiograph: Radiograph
    created: bool


def store_radiograph(
    *,
    stream: BinaryIO,
    patient: Patient,
    uploader: User,
    header_decides: bool = False,
    source_sha256: str = "",
    view: str = "",
    acquired_on: date | None = None,
    age_years: int | None = None,
    source: str = "",
    is_synthetic: bool = False,
    notes: str = "",
    extra: Mapping[str, Any] | None = None,
    truths: Iterable[TruthGiven] = (),
    also: Callable[[Radiograph], None] | None = None,
) -> StoredRadiograph:
    """Store one PNG, JPEG or DICOM file with its ground truth, and announce it by `images_ready`.

    `patient` comes from `patient_of` and is stored together with the radiograph; with
    `header_decides` it is only for files that name no patient in a DICOM header. What is not given
    (view, age, sex, day) is taken from such a header where it says so, the day moved. The hash of
    the file is worked out where it is not given. The same pixels in the same institution, also in
    the trash, give the existing row with `created` False; other institutions are never asked.
    Raises Unreadable, Refused or StorageFull, and PermissionDenied for a patient of another
    institution or ground truth of a person who may not record it; after each of them no row and no
    file is left. `also` is called with a new radiograph at the end of its transaction: what it
    writes is stored with it or not at all, and what it raises undoes everything.
    """
    truths = [truth for truth in truths if not truth.is_empty]
    check_rules(patient=patient, uploader=uploader, acquired_on=acquired_on)
    check_truths(truths, uploader, Capability.STATE_TRUTH)
    decoded = decode(stream, limits=Limits(max_bytes=settings.MAX_RADIOGRAPH_BYTES))
    radiograph = Radiograph(
        uploader=uploader, acquired_on=acquired_on, source=source, is_synthetic=is_synthetic,
        notes=notes, extra=dict(extra or {}), source_sha256=source_sha256 or digest(stream),
        **_facts_of(decoded, view, age_years),
        **writing_facts(decoded, is_synthetic=is_synthetic),
    )  # fmt: skip
    known = same_pixels(patient, radiograph.pixel_sha256)
    if known is not None:
        return StoredRadiograph(known, created=False)
    try:
        with _all_or_nothing(radiograph, decoded, stream, patient.site) as original:
            pseudonymise(
                radiograph=radiograph, named=patient, decoded=decoded,
                header_decides=header_decides,
            )  # fmt: skip
            _add(radiograph, decoded, truths, original)
            if also is not None:
                also(radiograph)
    except IntegrityError:
        # Somebody stored the same pixels in between: the constraint decided, theirs was first.
        known = same_pixels(patient, radiograph.pixel_sha256)
        if known is None:
            raise
        return StoredRadiograph(known, created=False)
    return StoredRadiograph(radiograph, created=True)


@contextmanager
def _all_or_nothing(
    radiograph: Radiograph, decoded: Decoded, stream: BinaryIO, site: Site
) -> Iterator[QuarantinedSource | None]:
    """Files first, then the rows that the block makes; yields the source file where it is kept."""
    with (
        source_kept(stream, site) as original,
        written_files(radiograph, decoded.pixels),
        room_in_database(),
        transaction.atomic(),
    ):
        yield original


def check_rules(*, patient: Patient, uploader: User, acquired_on: date | None) -> None:
    """Raise PermissionDenied for another institution's patient, Refused for a date to come."""
    if not uploader.is_platform_wide and uploader.site_id != patient.site_id:
        raise PermissionDenied
    if acquired_on and acquired_on > timezone.localdate():
        raise Refused("film-in-future")


def same_pixels(patient: Patient, pixel_sha256: str) -> Radiograph | None:
    """The radiograph with these pixels in the patient's institution, wherever it is kept.

    Also one that had them before a person covered writing in it: it must not come in again.
    """
    of_site = Radiograph.objects.filter(site_id=patient.site_id).select_related("patient")
    return (
        of_site.filter(pixel_sha256=pixel_sha256).first()
        or of_site.filter(redactions__pixel_sha256_before=pixel_sha256).first()
    )


def _facts_of(decoded: Decoded, view: str, age_years: int | None) -> dict[str, Any]:
    pixels, facts = decoded.pixels, decoded.facts
    age = facts.get("patient_age_years") if age_years is None else age_years
    return {
        "pixel_sha256": pixels.sha256,
        "width": pixels.width,
        "height": pixels.height,
        "display_low": pixels.low,
        "display_high": pixels.high,
        "source_format": decoded.source_format,
        "view": view or VIEW_OF_DICOM.get(facts.get("view_position", ""), View.UNKNOWN),
        "age_years": kept_age(age),
        "dicom_facts": dict(facts),
    }


def _add(
    radiograph: Radiograph,
    decoded: Decoded,
    truths: Iterable[TruthGiven],
    original: QuarantinedSource | None,
) -> None:
    radiograph.site_id = radiograph.patient.site_id
    radiograph.save(force_insert=True)
    if original is not None:
        original.radiograph = radiograph
        original.save(force_insert=True)
    count_stored(radiograph)
    told = facts_of(radiograph) | {"format": radiograph.source_format}
    note_radiograph(Deed.ENTERED, radiograph, radiograph.uploader, after=told)
    record_truths(
        radiograph=radiograph,
        truths=truths,
        entered_by=radiograph.uploader,
        capability=Capability.STATE_TRUTH,
    )
    images_ready.send(
        sender=Radiograph, radiographs=[radiograph], pixels={radiograph.pk: decoded.pixels}
    )
