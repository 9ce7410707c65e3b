"""Reading many vectors: each shard in order, by threads that check the checksums as they go."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, compress, groupby
from typing import Final

import numpy as np

from inference.features.index import Place, batches
from inference.features.keys import LITTLE_ENDIAN_FP16, FeatureKey, Vector, checksum
from inference.features.shards import ShardStore

# Records that one thread reads at once (3 MB of VGG16's): hashed while the processor's cache
# still holds them.
AT_ONCE: Final = 64


def load(store: ShardStore, places: Sequence[Place]) -> tuple[list[FeatureKey], Vector]:
    """Keys and vectors (n, dimensions) at `places`, which are sorted and of one length.

    What is missing, damaged or out of reach is left out.
    """
    rows: Vector = np.empty((len(places), places[0].shard.dimensions), LITTLE_ENDIAN_FP16)
    parts = list(_parts(places))

    def fetched(part: slice) -> list[bool]:
        return _fetched(store, places[part], rows[part])

    if len(parts) == 1:
        found = [fetched(parts[0])]
    else:
        with ThreadPoolExecutor(store.readers) as pool:
            found = list(pool.map(fetched, parts))
    whole = list(chain.from_iterable(found))
    keys = [place.key for place in compress(places, whole)]
    return keys, rows if all(whole) else rows[whole]


def is_whole(store: ShardStore, place: Place) -> bool:
    """Whether the bytes at a place are those that were written. OSError when nobody can tell."""
    row: Vector = np.empty((1, place.shard.dimensions), LITTLE_ENDIAN_FP16)
    try:
        store.fill(place.shard, [place.position], row)
    except FileNotFoundError:
        return False
    return checksum(row[0]) == place.sha256


def _parts(places: Sequence[Place]) -> Iterator[slice]:
    start = 0
    for _, some in groupby(places, key=lambda place: place.shard.name):
        for part in batches(list(some), AT_ONCE):
            yield slice(start, start + len(part))
            start += len(part)


def _fetched(store: ShardStore, places: Sequence[Place], rows: Vector) -> list[bool]:
    try:
        store.fill(places[0].shard, [place.position for place in places], rows)
    except OSError:
        return [False] * len(places)
    return [checksum(row) == place.sha256 for row, place in zip(rows, places, strict=True)]
