"""Files on their way in: appended to as bytes arrive, so that a cut connection keeps what came.

`INTAKE_DIR/<batch>/<file>.part`, mode 0600. The length of the file is the truth about how much has
arrived; nothing else counts bytes. Two connections may send the same file at once: each chunk knows
its own place, and only what lies beyond the end is written, under a lock.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, Protocol
from uuid import UUID, uuid4

from django.conf import settings

from core.files import sync_folder
from images.storage import check_reserve, make_private_folder, room_needed

# What a cut connection loses at most: a server gives a chunk out whole or not at all.
CHUNK: Final = 8 * 1024
HASH_CHUNK: Final = 1024 * 1024


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Gap(Exception):
    """The bytes offered begin beyond the end of what is here."""


def folder_of(batch: UUID) -> Path:
    return Path(settings.INTAKE_DIR) / batch.hex


def path_of(batch: UUID, file: UUID) -> Path:
    return folder_of(batch) / _name_of(file)


def _name_of(file: UUID) -> str:
    return f"{file.hex}.part"


def length(path: Path) -> int:
    """How many bytes have arrived; 0 for a file of which nothing has."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def lengths(batch: UUID) -> dict[str, int]:
    """The same for every file of a batch of which something is here, by the hex of its id."""
    with suppress(FileNotFoundError), os.scandir(folder_of(batch)) as entries:
        return {entry.name.removesuffix(".part"): _size(entry) for entry in entries}
    return {}


def _size(entry: "os.DirEntry[str]") -> int:
    with suppress(FileNotFoundError):
        return entry.stat().st_size
    return 0


def appended(path: Path, stream: Readable, *, offset: int, size: int) -> Iterator[int]:
    """Write what `stream` brings from `offset` on, chunk by chunk; yields the length after each.

    What is here already is skipped, and the file never grows beyond `size` bytes. A connection that
    breaks ends the loop. Raises Gap where `offset` lies beyond the end, StorageFull when there is
    no room: what was written stays.
    """
    if offset > length(path):
        raise Gap
    check_reserve(path.parent)
    with room_needed(), _opened(path) as descriptor:
        while chunk := _next(stream):
            yield _add(descriptor, chunk, offset, size)
            offset += len(chunk)


def _next(stream: Readable) -> bytes:
    # Django's UnreadablePostError and a socket's own errors: the sender is gone.
    with suppress(OSError):
        return stream.read(CHUNK)
    return b""


def _add(descriptor: int, chunk: bytes, offset: int, size: int) -> int:
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        end = os.fstat(descriptor).st_size
        if offset > end:
            raise Gap
        new = memoryview(chunk)[end - offset : max(0, size - offset)]
        while new:
            written = os.pwrite(descriptor, new, end)
            new, end = new[written:], end + written
        return end
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = _open(path)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except FileNotFoundError:  # the first file of its batch, or one that was just deleted
        make_private_folder(path.parent)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def written(path: Path, chunks: Iterable[bytes]) -> str:
    """Write a whole file anew and force it to the disk; returns its SHA-256.

    An older file in its place stays whole until then. Raises StorageFull, and whatever `chunks`
    raises: then nothing is left of the new one.
    """
    sha256, staged = hashlib.sha256(), path.with_name(f"{uuid4().hex}.part")
    try:
        with room_needed(), _opened(staged) as descriptor:
            for chunk in chunks:
                sha256.update(chunk)
                _write(descriptor, chunk)
            os.fsync(descriptor)
        staged.replace(path)
    except BaseException:
        drop(staged)
        raise
    return sha256.hexdigest()


def stage(batch: UUID, contents: Sequence[memoryview]) -> list[UUID]:
    """Write whole files under new ids and force them to the disk; returns the ids, in order.

    Their names are on the disk for good once `settle_folder` was called. Raises StorageFull: then
    nothing is left of any.
    """
    keys, folder = [uuid4() for _ in contents], folder_of(batch)
    check_reserve(folder)
    try:
        with room_needed(), ExitStack() as opened:
            # All are written before the first is waited for: the disk takes them in one go.
            for descriptor in [
                _write_new(opened, folder / _name_of(key), content)
                for key, content in zip(keys, contents, strict=True)
            ]:
                os.fsync(descriptor)
    except BaseException:
        drop_all(batch, keys)
        raise
    return keys


def _write_new(opened: ExitStack, path: Path, content: memoryview) -> int:
    descriptor = _open(path)
    opened.callback(os.close, descriptor)
    _write(descriptor, content)
    return descriptor


def become(batch: UUID, staged: UUID, file: UUID) -> None:
    """Let a staged file be the bytes of `file`, in the place of what has arrived of it so far."""
    path_of(batch, staged).replace(path_of(batch, file))


def settle_folder(batch: UUID) -> None:
    """Force the names of a batch's files to the disk."""
    sync_folder(folder_of(batch))


def drop_all(batch: UUID, files: Iterable[UUID]) -> None:
    for file in files:
        drop(path_of(batch, file))


def _write(descriptor: int, chunk: bytes | memoryview) -> None:
    left = memoryview(chunk)
    while left:
        left = left[os.write(descriptor, left) :]


def digest(stream: BinaryIO) -> str:
    """SHA-256 of a seekable stream, read from its beginning in pieces; 64 hex digits."""
    sha256 = hashlib.sha256()
    stream.seek(0)
    while chunk := stream.read(HASH_CHUNK):
        sha256.update(chunk)
    return sha256.hexdigest()


def settle(path: Path) -> str:
    """Force a file that is complete to the disk; returns its SHA-256."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
        return digest(stream)


def head(path: Path, count: int) -> bytes:
    with path.open("rb") as stream:
        return stream.read(count)


def drop(path: Path) -> None:
    path.unlink(missing_ok=True)


def drop_batch(batch: UUID) -> None:
    shutil.rmtree(folder_of(batch), ignore_errors=True)
