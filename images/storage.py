"""Private files that are whole or absent: temporary name, fsync, rename."""

import errno
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage
from django.db import OperationalError
from django.utils.deconstruct import deconstructible

from images.errors import StorageFull

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def room_needed() -> Iterator[None]:
    """Turn "no space left" and "quota exceeded" into StorageFull."""
    try:
        yield
    except OSError as problem:
        if problem.errno in NO_ROOM:
            raise StorageFull from problem
        raise


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
        with room_needed():
            make_private_folder(target.parent)
            write_durably(target, content)
        return target.relative_to(self.location).as_posix()


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
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Force a folder's entries to the disk: without it a rename may be lost with the power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
