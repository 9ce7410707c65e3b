"""The bytes of a file, part by part, until it is whole."""

from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core.jobs import JobStatus
from core.tasks import ring
from images import archives, spool
from images.decoding import Unreadable
from images.errors import Refused
from images.models import IncomingFile
from images.models.batch import FileKind

# Of one request: what a broken connection makes a server wait for stays bounded.
MAX_PART_BYTES: Final = 8 * 1024 * 1024


class OutOfStep(Refused):
    """A part that does not continue what is here: `received` bytes are."""

    def __init__(self, received: int) -> None:
        super().__init__("out-of-step")
        self.received = received


def receive_part(*, file: IncomingFile, offset: int, stream: spool.Readable, length: int) -> int:
    """Take `length` bytes of the file, which begin at `offset`; returns how many are here now.

    Bytes are kept as they arrive, also when the connection breaks midway, and those that are here
    already are skipped. Once all have arrived they are compared with the announced hash and the
    row is opened to the workers. Raises OutOfStep for bytes beyond the end of what is here,
    Refused("file-closed" | "part-too-large" | "larger-than-announced" | "arrived-damaged"),
    Unreadable("too-large-file") for what is too large to be a film and is no archive, StorageFull
    (what came is kept), and IncomingFile.DoesNotExist when the batch was deleted meanwhile.
    """
    if length > MAX_PART_BYTES:
        raise Refused("part-too-large")
    return receive(file=file, offset=offset, stream=stream, length=length)


def receive(*, file: IncomingFile, offset: int, stream: spool.Readable, length: int) -> int:
    """The same for any length: what comes from this machine need not come in parts."""
    if file.status in {JobStatus.FAILED, JobStatus.CANCELLED}:
        raise Refused("file-closed")
    if file.received_at is not None:
        return file.size
    if offset + length > file.size:
        raise Refused("larger-than-announced")
    path = spool.path_of(file.batch_id, file.pk)
    try:
        _append(file, stream, offset)
        received = spool.length(path)
        if received >= file.size:
            _complete(file)
    finally:
        is_wanted = _drop_unwanted(file)
    if not is_wanted:
        raise Refused("file-closed")
    return received


def _append(file: IncomingFile, stream: spool.Readable, offset: int) -> None:
    path = spool.path_of(file.batch_id, file.pk)
    is_checked = file.size <= settings.MAX_RADIOGRAPH_BYTES
    try:
        for received in spool.appended(path, stream, offset=offset, size=file.size):
            if not is_checked and received >= archives.HEAD_BYTES:
                _check_kind(file)
                is_checked = True
    except spool.Gap:
        raise OutOfStep(spool.length(path)) from None


def _check_kind(file: IncomingFile) -> None:
    """Only an archive may be larger than a film: what is none need not be sent to its end."""
    path = spool.path_of(file.batch_id, file.pk)
    if archives.is_archive(spool.head(path, archives.HEAD_BYTES)):
        return
    now = timezone.now()
    IncomingFile.objects.receiving().filter(pk=file.pk).update(
        status=JobStatus.FAILED, error_code="too-large-file", finished_at=now, updated_at=now
    )
    raise Unreadable("too-large-file", megabytes=settings.MAX_RADIOGRAPH_BYTES // 2**20)


def _complete(file: IncomingFile) -> None:
    path = spool.path_of(file.batch_id, file.pk)
    receiving = IncomingFile.objects.receiving().filter(pk=file.pk)
    try:
        is_archive = archives.is_archive(spool.head(path, archives.HEAD_BYTES))
        is_whole = spool.settle(path) == file.sha256
    except FileNotFoundError:
        # A second connection with the same bytes was quicker, and perhaps the worker too.
        is_archive, is_whole = False, not receiving.exists()
    if not is_whole:
        spool.drop(path)
        raise Refused("arrived-damaged")
    with transaction.atomic():
        receiving.update(kind=FileKind.ARCHIVE if is_archive else FileKind.FILM)
        if IncomingFile.objects.arrived(file.pk):
            transaction.on_commit(ring_workers)


def _drop_unwanted(file: IncomingFile) -> bool:
    """False, and nothing is left, when the file was given up or refused while it arrived.

    Raises IncomingFile.DoesNotExist when its batch was deleted.
    """
    row = IncomingFile.objects.filter(pk=file.pk).only("status", "received_at").first()
    if row is not None and (row.received_at is not None or row.is_open):
        return True
    spool.drop(spool.path_of(file.batch_id, file.pk))
    if row is None:
        raise IncomingFile.DoesNotExist
    return False


def ring_workers() -> bool:
    from images.tasks.intake import take_in_waiting  # tasks call the services

    return ring(take_in_waiting)
