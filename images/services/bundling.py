"""Many small whole files at once: announced, kept and opened to the workers in one go.

The bytes are on the disk before their rows are: whoever dies in between leaves files without a row,
which the hourly task removes, and a sender who repeats everything.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from images import archives, spool
from images.decoding import Unreadable
from images.errors import Refused
from images.models import IncomingFile, UploadBatch
from images.models.batch import FileKind
from images.services.announcing import Announced, Desk, Refusal, locked_open
from images.services.receiving import MAX_PART_BYTES, ring_workers
from images.states import state_of

# Larger ones go in parts, where a broken connection costs no more than one of them.
MAX_WHOLE_BYTES: Final = MAX_PART_BYTES


@dataclass(frozen=True)
class Whole:
    """A file as it arrived: its relative path, its bytes and, where its sender says it, the
    SHA-256 in hex that they should have."""

    name: str
    content: memoryview
    sha256: str = ""


@dataclass(frozen=True)
class _Arrived:
    announced: Announced
    content: memoryview
    kind: FileKind


def take_bundle(*, batch: UploadBatch, files: Sequence[Whole]) -> list[IncomingFile | Refusal]:
    """A row for each file in the same order, or why there is none; the others go on.

    As `announce`, but the bytes are here: a row that waits for them is opened to the workers, one
    that was announced earlier too, and rows that wait or are closed already stay as they are. The
    same bundle twice changes nothing. Raises Refused("batch-closed") and StorageFull: then nothing
    is kept.
    """
    if not batch.is_open:
        raise Refused("batch-closed")
    looked_at = [_looked_at(file) for file in files]
    arrived = [each for each in looked_at if isinstance(each, _Arrived)]
    answers = iter(_taken(batch, arrived) if arrived else [])
    return [next(answers) if isinstance(each, _Arrived) else each for each in looked_at]


def _looked_at(file: Whole) -> _Arrived | Refusal:
    size = len(file.content)
    if size > MAX_WHOLE_BYTES:
        return Refused("part-too-large")
    is_archive = archives.is_archive(bytes(file.content[: archives.HEAD_BYTES]))
    if size > settings.MAX_RADIOGRAPH_BYTES and not is_archive:
        return Unreadable("too-large-file", megabytes=settings.MAX_RADIOGRAPH_BYTES // 2**20)
    sha256 = hashlib.sha256(file.content).hexdigest()
    if file.sha256 and file.sha256.lower() != sha256:
        return Refused("arrived-damaged")
    kind = FileKind.ARCHIVE if is_archive else FileKind.FILM
    return _Arrived(Announced(file.name, size, sha256), file.content, kind)


def _taken(batch: UploadBatch, arrived: Sequence[_Arrived]) -> list[IncomingFile | Refusal]:
    staged = spool.stage(batch.pk, [each.content for each in arrived])
    try:
        answers = _enter(batch, arrived, staged)
    except Refused:
        spool.drop_all(batch.pk, staged)
        raise
    # After any other trouble the rows may be there all the same: the bytes stay for an hour.
    rows = {answer.pk for answer in answers if isinstance(answer, IncomingFile)}
    spool.drop_all(batch.pk, [key for key in staged if key not in rows])
    return answers


@transaction.atomic
def _enter(
    batch: UploadBatch, arrived: Sequence[_Arrived], staged: Sequence[UUID]
) -> list[IncomingFile | Refusal]:
    """Write the rows; those that wait for their bytes get the staged ones."""
    locked_open(batch)
    desk = Desk(batch, [each.announced for each in arrived])
    answers = [desk.answer(each.announced) for each in arrived]
    known: list[IncomingFile] = []
    for answer, each, key in zip(answers, arrived, staged, strict=True):
        if isinstance(answer, Refusal) or not _is_awaited(answer, each):
            continue
        if answer._state.adding:
            answer.pk = key
        else:
            spool.become(batch.pk, key, answer.pk)
            known.append(answer)
        answer.kind, answer.received_at = each.kind, timezone.now()
    spool.settle_folder(batch.pk)
    IncomingFile.objects.bulk_create(desk.new)
    _open(known)
    transaction.on_commit(ring_workers)
    return answers


def _is_awaited(row: IncomingFile, arrived: _Arrived) -> bool:
    # Whoever announced another size than the file has may send it in parts, and will be told.
    return state_of(row) == "receiving" and row.size == arrived.announced.size


def _open(rows: Sequence[IncomingFile]) -> None:
    for kind in FileKind:
        keys = [row.pk for row in rows if row.kind == kind]
        if keys:
            IncomingFile.objects.receiving().filter(pk__in=keys).update(
                kind=kind, received_at=Now(), updated_at=Now()
            )
