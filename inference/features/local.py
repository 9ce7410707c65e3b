"""Shards as files below `settings.FEATURES_DIR`: EXTRACTOR/PREPROCESSING/NAME.f16.

Each process appends to a file of its own, on which it holds an exclusive lock (flock) that the
system takes back however the process ends. The next process takes an unlocked file over.
"""

import fcntl
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.files import sync_folder
from images.storage import make_private_folder
from inference.features import index
from inference.features.keys import Vector
from inference.features.shards import ShardKind, Written, runs
from inference.models import FeatureShard

Bytes = NDArray[np.uint8]


class LocalShards:
    """A store (`ShardStore`) of one process: never carried over a fork (`store.store`)."""

    readers = min(8, os.cpu_count() or 1)

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own: dict[ShardKind, OwnShard] = {}
        self._turn = threading.Lock()

    @contextmanager
    def appended(self, kind: ShardKind, rows: Vector) -> Iterator[Written]:
        with self._turn:
            own = self._own_with_room(kind)
            first = own.append(_bytes_of(rows))
            try:
                yield Written(own.shard, first)
            except BaseException:
                with suppress(OSError):  # then whoever takes the shard over wipes them
                    own.wipe(range(first, first + len(rows)))
                raise

    def fill(self, shard: FeatureShard, positions: Sequence[int], rows: Vector) -> None:
        record = ShardKind.of(shard).record_bytes
        with self._path(shard).open("rb", buffering=0) as file:
            for run in runs(positions):
                _read(file, _bytes_of(rows[run]), positions[run.start] * record)

    def wipe(self, shard: FeatureShard, positions: Iterable[int]) -> None:
        try:
            file = FileIO(self._path(shard), "r+")
        except FileNotFoundError:
            return
        with file:
            _wipe(file, positions, ShardKind.of(shard).record_bytes)

    def _path(self, shard: FeatureShard) -> Path:
        kind = ShardKind.of(shard)
        return self._folder / kind.extractor / kind.preprocessing / f"{shard.name}.f16"

    def _own_with_room(self, kind: ShardKind) -> "OwnShard":
        own = self._own.pop(kind, None)
        if own and not own.has_room:
            own.file.close()
            own = None
        self._own[kind] = own = own or self._taken_over(kind) or self._made(kind)
        return own

    def _taken_over(self, kind: ShardKind) -> "OwnShard | None":
        for shard in index.shards_with_room(kind):
            file = _locked(self._path(shard))
            if file is None:
                continue
            own = OwnShard(shard, file, index.positions_of(shard))
            if own.has_room:
                own.wipe_what_nobody_promises()
                return own
            file.close()
        return None

    def _made(self, kind: ShardKind) -> "OwnShard":
        shard = index.new_shard(kind)
        path = self._path(shard)
        make_private_folder(path.parent)
        file = FileIO(path, "x+", opener=_private)
        # Before the row: whoever finds the row finds the file locked.
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        sync_folder(path.parent)
        shard.save(force_insert=True)
        return OwnShard(shard, file, set())


class OwnShard:
    """A shard that this process alone appends to for as long as `file`, locked, is open.

    `promised` are the places that the index names.
    """

    def __init__(self, shard: FeatureShard, file: FileIO, promised: set[int]) -> None:
        self.shard = shard
        self.file = file
        self._record = ShardKind.of(shard).record_bytes
        self._promised = promised
        self._indexed = 1 + max(promised, default=-1)
        # Past a torn record, and past what the index names where a disk lost the end.
        self._end = max(self._indexed, -(-os.fstat(file.fileno()).st_size // self._record))

    @property
    def has_room(self) -> bool:
        still_there = os.fstat(self.file.fileno()).st_nlink > 0
        return still_there and self._indexed < index.FULL

    def wipe_what_nobody_promises(self) -> None:
        """A process that was killed left whole or torn records of which no row knows."""
        self.wipe(sorted(set(range(self._end)) - self._promised))

    def wipe(self, positions: Iterable[int]) -> None:
        _wipe(self.file, positions, self._record)

    def append(self, content: Bytes) -> int:
        """Write whole records and force them to the disk; the place of the first is returned."""
        first, start = self._end, self._end * self._record
        try:
            _write(self.file, content, start)
            os.fsync(self.file.fileno())
        except BaseException:
            with suppress(OSError):  # the next records overwrite what stays
                self.file.truncate(start)
            raise
        self._indexed = self._end = first + len(content) // self._record
        return first


def _bytes_of(rows: Vector) -> Bytes:
    return rows.view(np.uint8).reshape(-1)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _locked(path: Path) -> FileIO | None:
    """The file, with this process as its only writer; None when it is gone or another's."""
    try:
        file = FileIO(path, "r+")
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def _read(file: FileIO, into: Bytes, offset: int) -> None:
    done = 0
    while done < len(into):
        count = os.preadv(file.fileno(), [into[done:].data], offset + done)
        if count == 0:
            into[done:] = 0
            return
        done += count


def _write(file: FileIO, content: Bytes, offset: int) -> None:
    done = 0
    while done < len(content):
        done += os.pwrite(file.fileno(), content[done:].data, offset + done)


def _wipe(file: FileIO, positions: Iterable[int], record: int) -> None:
    zeros = np.zeros(record, np.uint8)
    for position in positions:
        _write(file, zeros, position * record)
    os.fsync(file.fileno())
