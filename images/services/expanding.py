"""An archive becomes rows: one for each member, with its own verdict, a few at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core.jobs import OPEN_STATUSES, JobStatus
from images import archives, names, spool
from images.archives import Archive, Caps, Member
from images.errors import Refused, StorageFull
from images.models import FileOutcome, IncomingFile, Radiograph, UploadBatch
from images.services.announcing import (
    MAX_FILES,
    closed_as,
    code_for,
    known_sources,
    locked_open,
    next_position,
)

# Of one turn, so that neither the disk nor other people wait for a whole archive.
MEMBERS_AT_ONCE: Final = 50
BYTES_AT_ONCE: Final = 256 * 1024 * 1024
# Of one transaction: what a killed worker's turn does again, and what a cancelled one does in vain.
ROWS_AT_ONCE: Final = 25
BYTES_OF_ROWS: Final = 32 * 1024 * 1024
# All that may be inflated of one archive, as a multiple of the largest archive.
GROWTH: Final = 2


class Lost(Exception):
    """The row was given up, deleted, or taken by another worker meanwhile."""


@dataclass(frozen=True)
class _TakenOut:
    """A member whose bytes are in the spool; with a `code` it is refused, and there are none."""

    key: UUID
    member: Member
    sha256: str
    code: str


def expand(*, file: IncomingFile, owner: str, stream: BinaryIO) -> None:
    """Take the next members out of an archive that this worker holds; then finish it, or put it at
    the end of the line for the rest.

    The rows of some members and the archive's progress are written together, so that a killed
    worker's turn is continued and nothing comes twice. Raises Refused for an archive that is
    refused as a whole, StorageFull (what was taken out before is kept), and Lost.
    """
    caps = Caps(settings.MAX_RADIOGRAPH_BYTES, GROWTH * settings.MAX_ARCHIVE_BYTES)
    with archives.opened(stream, caps) as archive:
        for portion in _portions(archive.members, file.members_taken):
            _take_out(archive, portion, file, owner)
        is_done = file.members_taken >= len(archive.members)
    rows = IncomingFile.objects.all()
    ended = rows.finish(owner, outcome=FileOutcome.EXPANDED) if is_done else rows.pause(owner)
    if not ended:
        raise Lost


def _portions(members: Sequence[Member], begin: int) -> Iterator[range]:
    """The members of this turn, from `begin` on, in the portions that are written together."""
    end = min(begin + MEMBERS_AT_ONCE, len(members))
    spent, size = 0, 0
    for index in range(begin, end):
        spent, size = spent + members[index].size, size + members[index].size
        if index + 1 - begin >= ROWS_AT_ONCE or size >= BYTES_OF_ROWS or index + 1 == end:
            yield range(begin, index + 1)
            begin, size = index + 1, 0
            if spent >= BYTES_AT_ONCE:
                return


def _take_out(archive: Archive, portion: range, file: IncomingFile, owner: str) -> None:
    taken: list[_TakenOut] = []
    try:
        for index in portion:
            taken.append(_inflated(archive, index, file))
    except StorageFull:
        _keep(taken, file, owner)
        raise
    _keep(taken, file, owner)


def _inflated(archive: Archive, index: int, file: IncomingFile) -> _TakenOut:
    member = archive.members[index]
    # The same at every try: what a killed worker left is overwritten.
    key = uuid5(file.pk, str(index))
    code, sha256 = member.refusal, ""
    try:
        path = spool.path_of(file.batch_id, key)
        sha256 = "" if code else spool.written(path, archive.inflated(member))
    except Refused as refusal:
        code = refusal.code
    return _TakenOut(key, member, sha256, code)


def _keep(taken: Sequence[_TakenOut], file: IncomingFile, owner: str) -> None:
    before = file.members_taken
    try:
        wanted = _add_rows(taken, file, owner)
    except Lost:
        _forget(taken, file)
        raise
    spool.drop_all(file.batch_id, [each.key for each in taken if each.key not in wanted])
    if file.members_taken < before + len(taken):
        raise Refused("batch-full")


def _forget(taken: Sequence[_TakenOut], file: IncomingFile) -> None:
    """Drop the bytes, unless another worker has the archive or had it: they are its own too."""
    if IncomingFile.objects.filter(pk=file.pk, status__in=OPEN_STATUSES).exists():
        return
    keys = [each.key for each in taken]
    rows = set(IncomingFile.objects.filter(pk__in=keys).values_list("pk", flat=True))
    spool.drop_all(file.batch_id, [key for key in keys if key not in rows])


@transaction.atomic
def _add_rows(taken: Sequence[_TakenOut], file: IncomingFile, owner: str) -> set[UUID]:
    """Write rows and progress, as far as the batch has room; returns whose bytes are needed."""
    batch = _still_open(file.batch)
    position = next_position(batch)
    fitting = taken[: max(0, MAX_FILES - position)]
    file.members_taken += len(fitting)
    held = IncomingFile.objects.owned(owner).filter(pk=file.pk)
    if not held.update(members_taken=file.members_taken):
        raise Lost
    rows = _new_rows(fitting, file, batch, position)
    spool.settle_folder(batch.pk)
    IncomingFile.objects.bulk_create(rows)
    return {row.pk for row in rows if row.is_open}


def _still_open(batch: UploadBatch) -> UploadBatch:
    try:
        locked_open(batch)
    except Refused:
        raise Lost from None
    return batch


def _new_rows(
    taken: Sequence[_TakenOut], file: IncomingFile, batch: UploadBatch, position: int
) -> list[IncomingFile]:
    """A row for each that the batch does not have yet."""
    hashes = [each.sha256 for each in taken]
    here = set(batch.files.filter(sha256__in=hashes).values_list("name_key", "sha256"))
    known = known_sources(batch.site, hashes)
    rows: list[IncomingFile] = []
    for each in taken:
        name = each.member.name
        found = (names.key_of(batch.site_id, name), each.sha256)
        if found in here:
            continue
        here.add(found)
        row = IncomingFile(
            pk=each.key, batch=batch, container=file, position=position + len(rows),
            name_key=found[0], sha256=each.sha256, size=each.member.size,
            sealed_name=names.sealed_name(batch.site_id, name), received_at=timezone.now(),
        )  # fmt: skip
        _judge(row, each, file.patient_code, known.get(each.sha256))
        rows.append(row)
    return rows


def _judge(
    row: IncomingFile, taken: _TakenOut, code_of_archive: str, known: Radiograph | None
) -> None:
    """Close the row at once where it is refused, or known already."""
    code = taken.code
    for field, value in closed_as(None if code else known).items():
        setattr(row, field, value)
    try:
        row.patient_code = code_for(row.batch, taken.member.name) or code_of_archive
    except Refused as refusal:
        code = code or refusal.code
    if code:
        row.status, row.error_code, row.finished_at = JobStatus.FAILED, code, timezone.now()
