"""Private files that are whole or absent: temporary name, fsync, rename."""

import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import OperationalError
from django.utils.deconstruct import deconstructible

from core.files import sync_folder
from images.durable import Waiting
from images.errors import StorageFull
from images.ranges import Stretch

# What `folders` calls the place of files in no folder.
ROOT_FOLDER = "."
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})

_waiting: ContextVar[Waiting | None] = ContextVar("files_not_forced_to_the_disk", default=None)


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
    if _free(folder) < settings.DISK_RESERVE_BYTES:
        raise StorageFull


def _free(folder: Path) -> int:
    """Bytes on the disk that `folder` is on, or will be made on."""
    try:
        return shutil.disk_usage(folder).free
    except FileNotFoundError:
        return _free(folder.parent)


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


def saved(name: str, content: bytes) -> str:
    """Keep `content` under a name of our own making, `folder/name`, that nothing has yet; the name
    that it has now. Raises StorageFull."""
    storage = private_storage()
    if isinstance(storage, DurableFileSystemStorage):
        return storage.add(name, content)
    return storage.save(name, ContentFile(content))


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
        self._put(target, content.chunks())
        return target.relative_to(self.location).as_posix()

    def add(self, name: str, content: bytes) -> str:
        """`save` under a name of our own making, `folder/name`, that nothing has yet: without a
        look for what is wrong with it, which costs more than to write a thumbnail."""
        self._put(Path(f"{self.location}/{name}"), [content])
        return name

    def _put(self, target: Path, content: Iterable[bytes]) -> None:
        folder = target.parent
        check_reserve(folder)
        with room_needed():
            make_private_folder(folder)
            write_durably(target, content)

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


def write_durably(target: Path, content: Iterable[bytes]) -> None:
    """Write all of `content` to `target` or leave no trace; replaces an older file at once.

    Inside of `forced_together` that is so at the end of the block.
    """
    waiting = _waiting.get()
    if waiting is None:
        with forced_together():
            write_durably(target, content)
    else:
        waiting.add(target, content)


@contextmanager
def forced_together() -> Iterator[None]:
    """Files that are saved in the block are forced to the disk at its end, all of them, and come
    under their names then; whatever fails, none of them does that is not there yet.

    Begun late, most of it was written meanwhile, and each folder is forced once. Nothing may name
    one of the files before the block has ended. Raises StorageFull.
    """
    waiting = Waiting()
    token = _waiting.set(waiting)
    try:
        try:
            yield
        finally:
            _waiting.reset(token)
        with room_needed():
            waiting.force()
    except BaseException:
        waiting.drop()
        raise
