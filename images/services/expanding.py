"""An archive becomes rows: one for each member, with its own verdict, a few at a time."""

from typing import BinaryIO, Final
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core.jobs import JobStatus
from images import archives, names, spool
from images.archives import Archive, Caps, Member
from images.errors import Refused
from images.models import FileOutcome, IncomingFile, UploadBatch
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
# All that may be inflated of one archive, as a multiple of the largest archive.
GROWTH: Final = 2


class Lost(Exception):
    """The row was given up, deleted, or taken by another worker meanwhile."""


def expand(*, file: IncomingFile, owner: str, stream: BinaryIO) -> None:
    """Take the next members out of an archive that this worker holds; then finish it, or put it at
    the end of the line for the rest.

    A member's row and the archive's progress are written together, so that a killed worker's turn
    is continued and nothing comes twice. Raises Refused for an archive that is refused as a whole,
    StorageFull, and Lost.
    """
    caps = Caps(settings.MAX_RADIOGRAPH_BYTES, GROWTH * settings.MAX_ARCHIVE_BYTES)
    with archives.opened(stream, caps) as archive:
        begin, spent = file.members_taken, 0
        for index in range(begin, min(begin + MEMBERS_AT_ONCE, len(archive.members))):
            _take_out(archive, index, file, owner)
            spent += archive.members[index].size
            if spent >= BYTES_AT_ONCE:
                break
        is_done = file.members_taken >= len(archive.members)
    rows = IncomingFile.objects.all()
    ended = rows.finish(owner, outcome=FileOutcome.EXPANDED) if is_done else rows.pause(owner)
    if not ended:
        raise Lost


def _take_out(archive: Archive, index: int, file: IncomingFile, owner: str) -> None:
    member = archive.members[index]
    # The same at every try: what a killed worker left is overwritten.
    key = uuid5(file.pk, str(index))
    path = spool.path_of(file.batch_id, key)
    code, sha256 = member.refusal, ""
    try:
        sha256 = "" if code else spool.written(path, archive.inflated(member))
    except Refused as refusal:
        code = refusal.code
    try:
        is_wanted = _add_row(file, owner, key, member, sha256, code)
    except BaseException:
        spool.drop(path)
        raise
    if not is_wanted:
        spool.drop(path)


@transaction.atomic
def _add_row(
    file: IncomingFile, owner: str, key: UUID, member: Member, sha256: str, code: str
) -> bool:
    """Write the row and the progress; False when the bytes are not needed."""
    batch = _still_open(file.batch)
    file.members_taken += 1
    held = IncomingFile.objects.owned(owner).filter(pk=file.pk)
    if not held.update(members_taken=file.members_taken):
        raise Lost
    position = next_position(batch)
    if position >= MAX_FILES:
        raise Refused("batch-full")
    name_key = names.key_of(batch.site_id, member.name)
    if batch.files.filter(name_key=name_key, sha256=sha256).exists():
        return False
    row = IncomingFile(
        pk=key, batch=batch, container=file, position=position, name_key=name_key, sha256=sha256,
        sealed_name=names.sealed_name(batch.site_id, member.name), size=member.size,
        received_at=timezone.now(),
    )  # fmt: skip
    _judge(row, member.name, code, file.patient_code)
    row.save(force_insert=True)
    return row.is_open


def _still_open(batch: UploadBatch) -> UploadBatch:
    try:
        return locked_open(batch)
    except Refused:
        raise Lost from None


def _judge(row: IncomingFile, name: str, code: str, code_of_archive: str) -> None:
    """Close the row at once where it is refused, or known already."""
    known = None if code else known_sources(row.batch.site, [row.sha256]).get(row.sha256)
    for field, value in closed_as(known).items():
        setattr(row, field, value)
    try:
        row.patient_code = code_for(row.batch, name) or code_of_archive
    except Refused as refusal:
        code = code or refusal.code
    if code:
        row.status, row.error_code, row.finished_at = JobStatus.FAILED, code, timezone.now()
