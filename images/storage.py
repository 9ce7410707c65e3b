"""Private files that are whole or absent: temporary name, fsync, rename."""

import errno
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import OperationalError
from django.utils.deconstruct import deconstructible

from images.errors import StorageFull
from images.ranges import Stretch

# What `folders` calls the place of files in no folder.
ROOT_FOLDER = "."
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})

_unsynced: ContextVar[set[Path] | None] = ContextVar("unsynced_folders", default=None)


@contextmanager
def room_needed() -> Iterator[None]:
    """Turn "no space left" and "quota exceeded" into StorageFull."""
    try:
        yield
    except OSError as problem:
        if problem.errno in NO_ROOM:
            raise StorageFull from problem
        raise


def check_reserve(folder: Path) -> None:
    """Raise StorageFull while the disk of `folder` has less room than DISK_RESERVE_BYTES.

    Files stop coming in before the disk is full to the last byte: the database lives on it too,
    and people must still be able to sign in, read and delete.
    """
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    if shutil.disk_usage(existing).free < settings.DISK_RESERVE_BYTES:
        raise StorageFull


class PrivateStorage(Protocol):
    """What both storages offer beyond Django's: parts of a file, and the list of all."""

    def size(self, name: str) -> int: ...
    def open(self, name: str, mode: str = ...) -> File[bytes]: ...
    def save(self, name: str, content: File[Any]) -> str: ...
    def delete(self, name: str) -> None: ...

    def stretch(self, name: str, wanted: Stretch) -> BinaryIO: ...
    def folders(self) -> list[str]: ...
    def stored(self, folder: str) -> Iterator[tuple[str, datetime]]: ...


def private_storage() -> PrivateStorage:
    """Where radiographs and what belongs to them are kept."""
    return cast(PrivateStorage, default_storage)


@contextmanager
def room_in_database() -> Iterator[None]:
    """The same for the database: SQLITE_FULL, and PostgreSQL's disk_full (53100)."""
    try:
        yield
    except OperationalError as problem:
        cause = problem.__cause__
        full = getattr(cause, "sqlite_errorname", "") == "SQLITE_FULL"
        if full or getattr(cause, "pgcode", "") == "53100":
            raise StorageFull from problem
        raise


@deconstructible
class DurableFileSystemStorage(FileSystemStorage):
    """Files survive a power cut once `save` returned; before that nothing of them is seen.

    Files have mode 0600, folders 0700. Raises StorageFull when the disk or the quota is used up.
    """

    def _save(self, name: str, content: File[Any]) -> str:
        target = Path(self.path(name))
        check_reserve(target.parent)
        with room_needed():
            make_private_folder(target.parent)
            write_durably(target, content)
        return target.relative_to(self.location).as_posix()

    def stretch(self, name: str, wanted: Stretch) -> BinaryIO:
        """These bytes, as a file of their own. Raises FileNotFoundError."""
        file = Path(self.path(name)).open("rb")  # noqa: SIM115  (the reader closes it)
        file.seek(wanted.first)
        return file if wanted.is_whole else cast(BinaryIO, Part(file, wanted.count))

    def folders(self) -> list[str]:
        """Names of the folders at the top, in order; ROOT_FOLDER for what lies beside them."""
        return [ROOT_FOLDER, *sorted(path.name for path in Path(self.location).glob("*/"))]

    def stored(self, folder: str) -> Iterator[tuple[str, datetime]]:
        """Name and time of every file of one of `folders()`, whatever it is."""
        root = Path(self.location)
        if folder != ROOT_FOLDER:
            yield from ((f"{folder}/{name}", moment) for name, moment in files_below(root / folder))
            return
        yield from files_below(root, deep=False)


class Part:
    """The next `count` bytes of an open file, which it closes."""

    def __init__(self, file: BinaryIO, count: int) -> None:
        self._file, self._left = file, count

    def read(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        content = self._file.read(wanted)
        self._left -= len(content)
        return content

    def close(self) -> None:
        self._file.close()


def files_below(folder: Path, *, deep: bool = True) -> Iterator[tuple[str, datetime]]:
    """Relative name and time of last change of each file below `folder`; links are files.

    `deep` False: only those that lie directly in it.
    """
    for place, folders, names in os.walk(folder):
        if not deep:
            folders.clear()
        for path in (Path(place, name) for name in names):
            # It may be gone by now.
            with suppress(FileNotFoundError):
                moment = datetime.fromtimestamp(path.lstat().st_mtime, UTC)
                yield path.relative_to(folder).as_posix(), moment


def make_private_folder(folder: Path) -> None:
    """Create `folder` and its missing parents with mode 0700, each entry forced to the disk."""
    if folder.is_dir():
        return
    make_private_folder(folder.parent)
    # Another upload may create it at the same moment.
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    sync_folder(folder.parent)


def write_durably(target: Path, content: File[Any]) -> None:
    """Write all of `content` to `target` or leave no trace; replaces an older file at once."""
    part = target.with_name(f".{uuid.uuid4().hex}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for chunk in content.chunks():
                file.write(chunk)
            file.flush()
            os.fsync(descriptor)
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    waiting = _unsynced.get()
    if waiting is None:
        sync_folder(target.parent)
    else:
        waiting.add(target.parent)


@contextmanager
def folders_synced_once() -> Iterator[None]:
    """Folders that files are saved in are forced to the disk once, at the end of the block.

    Only then do the files survive a power cut: nothing may name one of them before.
    """
    mine: set[Path] = set()
    token = _unsynced.set(mine)
    try:
        yield
    finally:
        _unsynced.reset(token)
    for folder in mine:
        sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Force a folder's entries to the disk: without it a rename may be lost with the power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
