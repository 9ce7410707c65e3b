"""Files that are whole or absent, whatever moment the power fails."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4


def write_whole(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Write all of `content` as `written_whole` does."""
    with written_whole(path, durable=durable) as stream:
        stream.write(content)


@contextmanager
def written_whole(path: Path, *, durable: bool = True) -> Iterator[BinaryIO]:
    """A stream under a temporary name (mode 0600); synced and renamed when the block ends well.

    What may be lost with the power, but never be seen in half, can do without `durable`. Raises
    OSError when the disk refuses; whatever is raised, an older file stays in place.
    """
    part = path.with_name(f".{uuid4().hex}.part")
    try:
        with _new(part) as stream:
            yield stream
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


def _new(part: Path) -> BinaryIO:
    """Its folder is made where it is missing, which is seldom: each film is handed over so."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        descriptor = os.open(part, flags, 0o600)
    except FileNotFoundError:
        part.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(part, flags, 0o600)
    return os.fdopen(descriptor, "wb")


def sync_folder(folder: Path) -> None:
    """A rename survives a power cut only once its folder is on the disk too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
