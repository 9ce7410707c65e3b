"""Which files of a folder are whole by now.

The folder is looked through again and again instead of asking the system for events: shares of a
network (SMB, NFS), where modalities put their files, send none.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# What copying programs and browsers call a file that is not whole yet.
UNFINISHED: Final = frozenset({".part", ".partial", ".tmp", ".crdownload", ".filepart"})
TAKEN_IN: Final = "taken-in"
REFUSED: Final = "refused"


@dataclass(frozen=True)
class Sighting:
    """How a file looked: size in bytes, time of its last change, and since when it looks so."""

    size: int
    changed_ns: int
    since: float


class SettledFiles:
    """Tells each file once, as soon as nothing about it changed for `quiet` seconds."""

    def __init__(self, folder: Path, *, quiet: float) -> None:
        self.folder = folder
        self.quiet = quiet
        self._seen: dict[Path, Sighting] = {}
        self._told: dict[Path, Sighting] = {}

    def ready(self, now: float) -> Iterator[Path]:
        """Files to be taken in now, by path. `now` is any clock that only goes forward."""
        present = dict(_files(self.folder))
        self._seen = {path: self._sighting(path, look, now) for path, look in present.items()}
        self._told = {path: seen for path, seen in self._told.items() if path in present}
        for path in sorted(present):
            seen = self._seen[path]
            if now - seen.since >= self.quiet and self._told.get(path) != seen:
                self._told[path] = seen
                yield path

    def forget(self, path: Path) -> None:
        """Tell this file again: it could not be taken in just now."""
        self._told.pop(path, None)

    @property
    def unsettled(self) -> int:
        """Files that are there but were not told yet."""
        return sum(self._told.get(path) != seen for path, seen in self._seen.items())

    def _sighting(self, path: Path, look: tuple[int, int], now: float) -> Sighting:
        before = self._seen.get(path)
        if before is not None and (before.size, before.changed_ns) == look:
            return before
        return Sighting(*look, since=now)


def _files(folder: Path) -> Iterator[tuple[Path, tuple[int, int]]]:
    """Regular files below `folder`; links are not followed, they may lead anywhere."""
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not _is_ours_or_hidden(name)]
        for name in names:
            path = Path(place) / name
            if name.startswith(".") or path.suffix.lower() in UNFINISHED or path.is_symlink():
                continue
            try:
                facts = path.stat()
            except OSError:
                continue  # taken away since the listing
            if path.is_file():
                yield path, (facts.st_size, facts.st_mtime_ns)


def _is_ours_or_hidden(name: str) -> bool:
    return name.startswith(".") or name in {TAKEN_IN, REFUSED}
