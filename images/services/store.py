"""A file from outside becomes a radiograph of the clinical record, or leaves no trace.

Its pieces serve `services.store_together` too.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO, TypedDict, Unpack
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.audit import Deed, together
from accounts.models import User
from accounts.roles import Capability
from images.audited import facts_of, note_radiograph
from images.decoding import Decoded, Limits, decode
from images.errors import Refused
from images.models import Patient, QuarantinedSource, Radiograph, Redaction, View
from images.quotas import count_stored
from images.radiograph import RadiographPixels
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

# Institution and hash: an institution has the same pixels once.
PixelKey = tuple[UUID, str]


class Said(TypedDict, total=False):
    """What is said of a radiograph beside its file; `source_sha256` is the hash of the file.

    What is missing (view, age, day) is taken from a DICOM header where it says so, the day moved,
    and the hash is worked out.
    """

    source_sha256: str
    view: str
    acquired_on: date | None
    age_years: int | None
    source: str
    is_synthetic: bool
    notes: str
    extra: Mapping[str, Any] | None


@dataclass(frozen=True)
class StoredRadiograph:
    """`created` is False where the institution already had these pixels: nothing was added."""

    radiograph: Radiograph
    created: bool


@dataclass(frozen=True, eq=False)
class Film:
    """A file that was decoded, and the radiograph that it may become; nothing of it is stored.

    `named` is its patient as a person said it.
    """

    radiograph: Radiograph
    decoded: Decoded
    named: Patient

    @property
    def pixels(self) -> RadiographPixels:
        return self.decoded.pixels

    @property
    def key(self) -> PixelKey:
        return self.named.site_id, self.radiograph.pixel_sha256


def store_radiograph(
    *,
    stream: BinaryIO,
    patient: Patient,
    uploader: User,
    header_decides: bool = False,
    truths: Iterable[TruthGiven] = (),
    also: Callable[[Radiograph], None] | None = None,
    **said: Unpack[Said],
) -> StoredRadiograph:
    """Store one PNG, JPEG or DICOM file with its ground truth, and announce it by `images_ready`.

    `patient` comes from `patient_of` and is stored together with the radiograph; with
    `header_decides` it is only for files that name no patient in a DICOM header. An unknown sex is
    taken from such a header too. The same pixels in the same institution, also in the trash, give
    the existing row with `created` False; other institutions are never asked. Raises Unreadable,
    Refused or StorageFull, and PermissionDenied for a patient of another institution or ground
    truth of a person who may not record it; after each of them no row and no file is left. `also`
    is called with a new radiograph at the end of its transaction: what it writes is stored with it
    or not at all, and what it raises undoes everything.
    """
    truths = [truth for truth in truths if not truth.is_empty]
    check_rules(patient=patient, uploader=uploader, acquired_on=said.get("acquired_on"))
    check_truths(truths, uploader, Capability.STATE_TRUTH)
    film = opened(stream=stream, patient=patient, uploader=uploader, **said)
    known = same_pixels(patient, film.radiograph.pixel_sha256)
    if known is not None:
        return StoredRadiograph(known, created=False)
    try:
        with _all_or_nothing(film, stream) as original:
            pseudonymise(
                radiograph=film.radiograph, named=patient, decoded=film.decoded,
                header_decides=header_decides,
            )  # fmt: skip
            _add(film, truths, original)
            if also is not None:
                also(film.radiograph)
    except IntegrityError:
        # Somebody stored the same pixels in between: the constraint decided, theirs was first.
        known = same_pixels(patient, film.radiograph.pixel_sha256)
        if known is None:
            raise
        return StoredRadiograph(known, created=False)
    return StoredRadiograph(film.radiograph, created=True)


def check_rules(*, patient: Patient, uploader: User, acquired_on: date | None) -> None:
    """Raise PermissionDenied for another institution's patient, Refused for a date to come."""
    if not uploader.is_platform_wide and uploader.site_id != patient.site_id:
        raise PermissionDenied
    if acquired_on and acquired_on > timezone.localdate():
        raise Refused("film-in-future")


def opened(*, stream: BinaryIO, patient: Patient, uploader: User, **said: Unpack[Said]) -> Film:
    """Decode a file. Raises Unreadable."""
    decoded = decode(stream, limits=Limits(max_bytes=settings.MAX_RADIOGRAPH_BYTES))
    radiograph = Radiograph(
        site=patient.site, uploader=uploader, acquired_on=said.get("acquired_on"),
        source=said.get("source", ""), is_synthetic=said.get("is_synthetic", False),
        notes=said.get("notes", ""), extra=dict(said.get("extra") or {}),
        source_sha256=said.get("source_sha256") or digest(stream),
        **_facts_of(decoded, said.get("view", ""), said.get("age_years")),
    )  # fmt: skip
    return Film(radiograph, decoded, patient)


def note_writing(film: Film) -> None:
    """Look for writing in the picture of a film that is new."""
    found = writing_facts(film.decoded, is_synthetic=film.radiograph.is_synthetic)
    for name, value in found.items():
        setattr(film.radiograph, name, value)


def same_pixels(patient: Patient, pixel_sha256: str) -> Radiograph | None:
    """The radiograph with these pixels in the patient's institution, wherever it is kept."""
    key = patient.site_id, pixel_sha256
    known = known_pixels([key]).get(key)
    return Radiograph.objects.select_related("patient").filter(pk=known).first() if known else None


def known_pixels(keys: Collection[PixelKey]) -> dict[PixelKey, UUID]:
    """Which radiographs have these pixels in these institutions, wherever they are kept.

    Also those that had them before a person covered writing in them: they must not come in again.
    """
    sites, hashes = {site for site, _ in keys}, {pixels for _, pixels in keys}
    now = Radiograph.objects.order_by().filter(site__in=sites, pixel_sha256__in=hashes)
    before = Redaction.objects.order_by("radiograph__created_at", "radiograph").filter(
        radiograph__site__in=sites, pixel_sha256_before__in=hashes
    )
    found = [
        *before.values_list("radiograph__site", "pixel_sha256_before", "radiograph"),
        *now.values_list("site", "pixel_sha256", "pk"),
    ]
    return {(site, pixels): key for site, pixels, key in found}


def add_rows(films: Sequence[Film]) -> None:
    """Rows of radiographs that have their patients and files, counted and recorded.

    Runs inside the caller's transaction. Raises Refused when the room of a person or of an
    institution is used up, IntegrityError when somebody stored one of them in between.
    """
    Radiograph.objects.bulk_create(film.radiograph for film in films)
    count_stored(film.radiograph for film in films)
    with together():
        for row in (film.radiograph for film in films):
            told = facts_of(row) | {"format": row.source_format}
            note_radiograph(Deed.ENTERED, row, row.uploader, after=told)


def announce_ready(films: Sequence[Film]) -> None:
    """Tell who listens to `images_ready`, inside the transaction that adds the films."""
    images_ready.send(
        sender=Radiograph,
        radiographs=[film.radiograph for film in films],
        pixels={film.radiograph.pk: film.pixels for film in films},
    )


@contextmanager
def _all_or_nothing(film: Film, stream: BinaryIO) -> Iterator[QuarantinedSource | None]:
    """Files first, then the rows that the block makes; yields the source file where it is kept."""
    note_writing(film)
    with (
        source_kept(stream, film.named.site) as original,
        written_files(film.radiograph, film.pixels),
        room_in_database(),
        transaction.atomic(),
    ):
        yield original


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


def _add(film: Film, truths: Sequence[TruthGiven], original: QuarantinedSource | None) -> None:
    radiograph = film.radiograph
    add_rows([film])
    if original is not None:
        original.radiograph = radiograph
        original.save(force_insert=True)
    if truths:
        record_truths(
            radiograph=radiograph, truths=truths, entered_by=radiograph.uploader,
            capability=Capability.STATE_TRUTH,
        )  # fmt: skip
    announce_ready([film])
