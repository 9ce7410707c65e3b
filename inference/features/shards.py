"""The contract of a store of shards: what the cache asks of a disk or of a bucket.

A shard holds records of one length, one vector each (fp16, little endian), and never a record at a
place that another one had before. What lies at a place counts only once the index names it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from inference.features.keys import LITTLE_ENDIAN_FP16, Vector
from inference.models import FeatureShard

# Folders and objects are named by these words; a manifest from outside brings them along.
PLAIN_NAME = re.compile(r"[A-Za-z0-9][\w.@+-]*")


@dataclass(frozen=True)
class ShardKind:
    """What all vectors of one shard share. ValueError for a word that cannot name a folder."""

    extractor: str
    preprocessing: str
    dimensions: int

    def __post_init__(self) -> None:
        for word in (self.extractor, self.preprocessing):
            if not PLAIN_NAME.fullmatch(word):
                raise ValueError("extractor and preprocessing are named by plain words")

    @property
    def record_bytes(self) -> int:
        return self.dimensions * LITTLE_ENDIAN_FP16.itemsize

    @classmethod
    def of(cls, shard: FeatureShard) -> "ShardKind":
        return cls(shard.extractor, shard.preprocessing, shard.dimensions)


class Written(NamedTuple):
    """Where a batch lies: from place `first` of its shard on, in the order given."""

    shard: FeatureShard
    first: int


class ShardStore(Protocol):
    """Verbs raise OSError when disk or server refuse; FileNotFoundError when the shard is gone."""

    # Threads that may read at once.
    readers: int

    def appended(self, kind: ShardKind, rows: Vector) -> AbstractContextManager[Written]:
        """Write `rows` durably, then run the block, which is to index them.

        When the block raises, nothing of them stays.
        """

    def fill(self, shard: FeatureShard, positions: Sequence[int], rows: Vector) -> None:
        """Read the records at ascending `positions` into `rows`, shaped (n, dimensions).

        Where a shard ends too early the rest of `rows` becomes zeros: checksums tell.
        """

    def wipe(self, shard: FeatureShard, positions: Iterable[int]) -> None:
        """Overwrite records with zeros; others of the same shard may come in meanwhile."""


def runs(positions: Sequence[int], widest_gap: int = 0) -> Iterator[slice]:
    """Slices of ascending `positions` without a gap of more than `widest_gap` places."""
    start = 0
    for end in range(1, len(positions) + 1):
        if end == len(positions) or positions[end] - positions[end - 1] > widest_gap + 1:
            yield slice(start, end)
            start = end
