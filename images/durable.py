"""Files on their way to the disk, several at a time."""

import io
import os
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from core.files import sync_folder

# Files that are open at a time; a process may usually have a thousand.
MOST_OPEN = 128


class Waiting:
    """Files under temporary names (mode 0600), open, of which a power cut may take any part."""

    def __init__(self) -> None:
        self._files: list[tuple[io.FileIO, str, Path]] = []
        self._folders: set[Path] = set()

    def add(self, target: Path, content: Iterable[bytes]) -> None:
        """Write what is to be `target`, whose folder is there. Raises OSError."""
        if len(self._files) >= MOST_OPEN:
            self.force()
        part = f"{target.parent}/.{uuid.uuid4().hex}.part"
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        file = io.FileIO(descriptor, "wb")
        self._files.append((file, part, target))
        for chunk in content:
            left = memoryview(chunk)
            while left:
                left = left[file.write(left) :]

    def force(self) -> None:
        """All of them to the disk and under their names. Raises OSError."""
        for file, part, target in self._files:
            os.fsync(file.fileno())
            file.close()
            os.replace(part, target)  # noqa: PTH105  (no path is made for its sake)
            self._folders.add(target.parent)
        self._files.clear()
        for folder in self._folders:
            sync_folder(folder)
        self._folders.clear()

    def drop(self) -> None:
        """Remove what has only its temporary name."""
        for file, part, _target in self._files:
            # A disk may refuse to close what it could not take.
            with suppress(OSError):
                file.close()
            Path(part).unlink(missing_ok=True)
