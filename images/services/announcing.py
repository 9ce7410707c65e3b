"""What a client offers: a row for each file that is wanted, and why the others are not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import Site
from core.jobs import JobStatus
from images import names
from images.decoding import Unreadable
from images.errors import Refused
from images.models import FileOutcome, IncomingFile, PatientRule, Radiograph, UploadBatch
from images.models.batch import BatchStatus
from images.quotas import Room, room_of_person, room_of_site
from images.services.patients import patient_of

MAX_FILES_AT_ONCE: Final = 100
MAX_FILES: Final = 20_000

Refusal = Refused | Unreadable


@dataclass(frozen=True)
class Announced:
    """A file that a client offers: its relative path, its bytes, their SHA-256 in hex."""

    name: str
    size: int
    sha256: str


@transaction.atomic
def announce(*, batch: UploadBatch, files: Sequence[Announced]) -> list[IncomingFile | Refusal]:
    """A row for each file in the same order, or why there is none; the others go on.

    The same file twice is one row. Of what the institution has already nothing need be sent: the
    row is closed at once as a duplicate. Raises Refused("batch-closed").
    """
    locked_open(batch)
    desk = Desk(batch, files)
    answers = [desk.answer(file) for file in files]
    IncomingFile.objects.bulk_create(desk.new)
    return answers


class Desk:
    """What is known of the files of one announcement, asked for in four queries, and two where
    room is limited. `batch` is locked; rows in `new` are still to be written."""

    def __init__(self, batch: UploadBatch, files: Sequence[Announced]) -> None:
        self.batch = batch
        self.new: list[IncomingFile] = []
        self.rooms = _limited_rooms(batch)
        self.asked = 0
        self.position = next_position(batch)
        hashes = [file.sha256 for file in files]
        here = batch.files.filter(sha256__in=hashes).order_by()
        self.rows: dict[tuple[str, str], IncomingFile] = {
            (row.name_key, row.sha256): row for row in here
        }
        self.known = known_sources(batch.site, hashes)

    def answer(self, file: Announced) -> IncomingFile | Refusal:
        try:
            name = names.normalised(file.name)
            key = (names.key_of(self.batch.site_id, name), file.sha256)
            if key not in self.rows:
                self.rows[key] = self._new(file, name, key[0])
            return self.rows[key]
        except (Refused, Unreadable) as refusal:
            return refusal

    def _new(self, file: Announced, name: str, key: str) -> IncomingFile:
        known = self.known.get(file.sha256)
        self._check(file, is_sent=known is None)
        row = IncomingFile(
            batch=self.batch, position=self.position, name_key=key, size=file.size,
            sha256=file.sha256, patient_code=code_for(self.batch, name),
            sealed_name=names.sealed_name(self.batch.site_id, name), **closed_as(known),
        )  # fmt: skip
        self.new.append(row)
        self.position += 1
        return row

    def _check(self, file: Announced, *, is_sent: bool) -> None:
        if self.position >= MAX_FILES:
            raise Refused("batch-full")
        if file.size == 0:
            raise Unreadable("empty")
        largest = max(settings.MAX_RADIOGRAPH_BYTES, settings.MAX_ARCHIVE_BYTES)
        if file.size > largest:
            raise Unreadable("too-large-file", megabytes=largest // 2**20)
        if is_sent:
            self._ask_for_room(file.size)

    def _ask_for_room(self, size: int) -> None:
        for code, room in self.rooms.items():
            if not room.takes(self.asked + size):
                raise Refused(code)
        self.asked += size


def _limited_rooms(batch: UploadBatch) -> dict[str, Room]:
    """By the code of the refusal; what has no limit need not be counted."""
    site = batch.site
    rooms: dict[str, Room] = {}
    if site.person_quota_megabytes is not None:
        rooms["quota-person"] = room_of_person(site, batch.owner)
    if site.quota_megabytes is not None:
        rooms["quota-site"] = room_of_site(site)
    return rooms


def locked_open(batch: UploadBatch) -> None:
    """Lock the batch until the transaction ends. Raises Refused("batch-closed")."""
    locked = UploadBatch.objects.select_for_update().filter(pk=batch.pk).order_by()
    # Of the row only what may have changed: this is asked before every file and every bundle.
    if list(locked.values_list("status", flat=True)) != [BatchStatus.OPEN]:
        raise Refused("batch-closed")


def next_position(batch: UploadBatch) -> int:
    positions = IncomingFile.objects.filter(batch=batch).order_by("-position")
    return next((last + 1 for last in positions.values_list("position", flat=True)[:1]), 0)


def known_sources(site: Site, hashes: Sequence[str]) -> dict[str, Radiograph]:
    """The institution's radiographs that these very files became or turned out to be, by hash.

    Mostly there are none: what is asked for is little, and without their tables' other columns.
    """
    wanted = [each for each in hashes if each]
    radiographs = Radiograph.objects.only("source_sha256")
    came_again = IncomingFile.objects.filter(
        batch__site=site, sha256__in=wanted, status=JobStatus.DONE, radiograph__isnull=False
    )
    became = dict(came_again.values_list("sha256", "radiograph"))
    found = radiographs.in_bulk(became.values()) if became else {}
    known = {sha256: found[key] for sha256, key in became.items() if key in found}
    made = radiographs.filter(site=site, source_sha256__in=wanted)
    return known | {radiograph.source_sha256: radiograph for radiograph in made}


def closed_as(known: Radiograph | None) -> dict[str, Any]:
    """The fields of a row that is a duplicate of `known` from the beginning; none without it."""
    if known is None:
        return {}
    now = timezone.now()
    return {
        "status": JobStatus.DONE, "outcome": FileOutcome.DUPLICATE, "radiograph": known,
        "received_at": now, "finished_at": now,
    }  # fmt: skip


def code_for(batch: UploadBatch, name: str) -> str:
    """The patient code that the rule of the batch gives a file; empty where it gives none.

    Raises Refused("bad-patient-code") for a folder whose name is not one, a person's for example.
    """
    if batch.patient_rule == PatientRule.ALL_ONE:
        return batch.patient_code
    folder = names.folder_of(name)
    if batch.patient_rule == PatientRule.EACH_ITS_OWN or not folder:
        return ""
    # The folder around an archive is no patient's: those are inside.
    if name.casefold().endswith(".zip"):
        return ""
    return patient_of(site=batch.site, code=folder).code
