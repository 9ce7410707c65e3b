"""The verbs of the cache. Nothing here is worth a failure: what cannot be read is made again, what
cannot be kept is answered all the same.

Bytes first, row afterwards: a row never promises what is not there. Places are never used twice,
so that a row which comes too late finds other bytes than it wants, and its vector is made again.
"""

import logging
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from itertools import groupby
from typing import Final

from django.db.models import QuerySet

from images.models import Radiograph
from inference.features import index
from inference.features.index import FORGOTTEN, Place, batches, kind_of
from inference.features.keys import FeatureKey, Vector, as_kept, checksum, pooled
from inference.features.loading import is_whole, load
from inference.features.shards import ShardKind
from inference.features.store import store
from inference.models import FeatureVector

logger = logging.getLogger(__name__)

# Vectors of one write (13 MB of VGG16's); a micro-batch is never larger.
VECTORS_PER_WRITE: Final = 256


def cached_or_made(key: FeatureKey, make: Callable[[], Vector]) -> tuple[Vector, bool]:
    """The vector of `key`, fp16 (dimensions,), and whether it came from the cache.

    `make` is called when no undamaged vector is kept; what it raises is passed on.
    """
    kept = read(key)
    if kept is not None:
        return kept, True
    made = make()
    keep_many({key: made})
    return made, False


def read(key: FeatureKey) -> Vector | None:
    """The kept vector, fp16 (dimensions,), or None when there is no undamaged one."""
    return read_many([key]).get(key)


def read_many(keys: Iterable[FeatureKey]) -> dict[FeatureKey, Vector]:
    """The undamaged kept vectors of `keys`, fp16 (dimensions,) each; the others are left out.

    The vectors of one call are rows of one array: it goes when the last of them goes.
    """
    wanted = list(keys)
    found: dict[FeatureKey, Vector] = {}
    for some, rows in stream(wanted, rows_at_once=len(wanted)):
        found.update(zip(some, rows, strict=True))
    return found


def stream(
    keys: Iterable[FeatureKey], rows_at_once: int
) -> Iterator[tuple[list[FeatureKey], Vector]]:
    """The undamaged kept vectors of `keys`: (keys, array (n, dimensions) fp16), n <= rows_at_once.

    In the order in which they lie on the disk; only the rows of one step are held in memory.
    """
    lost = 0
    for some in _steps(index.places_of(keys), rows_at_once):
        found, rows = load(store(), some)
        lost += len(some) - len(found)
        if found:
            yield found, rows
    if lost:
        logger.warning("feature vectors missing, damaged or out of reach count=%d", lost)


def keep_many(vectors: Mapping[FeatureKey, Vector]) -> None:
    """Keep vectors (dimensions,), durably, with one write for those of one extractor.

    A full disk or a server that is down costs the cache, not the answer that a patient waits for:
    it is logged, and nothing is kept.
    """
    for keys, rows in _writes(vectors):
        try:
            _keep(keys, rows)
        except OSError as problem:
            reason = problem.strerror or type(problem).__name__
            logger.warning("feature vectors not kept count=%d reason=%s", len(keys), reason)


def forget(pixel_sha256: str) -> None:
    """Wipe the vectors of a deleted radiograph, unless another one has the same pixels.

    Much of a picture can be rebuilt from its features: deleted for good means these too.
    """
    if Radiograph.objects.filter(pixel_sha256=pixel_sha256).exists():
        return
    rows = FeatureVector.objects.filter(pixel_sha256=pixel_sha256)
    rows.update(sha256=FORGOTTEN)
    _wipe(rows.filter(sha256=FORGOTTEN))


def finish_forgetting() -> None:
    """Wipe what `forget` could not, because it was killed or the store was out of reach."""
    _wipe(FeatureVector.objects.filter(sha256=FORGOTTEN))


def _wipe(rows: QuerySet[FeatureVector]) -> None:
    """Bytes first, row afterwards: as long as there is a row, somebody will try again."""
    for row in rows.select_related("shard").defer("pooled"):
        try:
            store().wipe(row.shard, [row.position])
        except OSError as problem:
            reason = problem.strerror or type(problem).__name__
            logger.error("features of a deleted radiograph are not wiped yet reason=%s", reason)
        else:
            # Not the row of a vector that was kept again meanwhile, at another place.
            rows.filter(pk=row.pk, shard=row.shard_id, position=row.position).delete()


def _steps(places: Sequence[Place], rows_at_once: int) -> Iterator[Sequence[Place]]:
    for _, some in groupby(places, key=kind_of):
        yield from batches(list(some), rows_at_once)


def _writes(vectors: Mapping[FeatureKey, Vector]) -> Iterator[tuple[Sequence[FeatureKey], Vector]]:
    kinds = defaultdict(list)
    for key, vector in vectors.items():
        kinds[key.extractor, key.preprocessing, vector.size].append(key)
    for keys in kinds.values():
        for some in batches(keys, VECTORS_PER_WRITE):
            yield some, as_kept([vectors[key] for key in some])


def _keep(keys: Sequence[FeatureKey], rows: Vector) -> None:
    _finish_forgetting_once(os.getpid())
    kind = ShardKind(keys[0].extractor, keys[0].preprocessing, rows.shape[1])
    entries = _entries(keys, rows)
    with store().appended(kind, rows) as (shard, first):
        for position, entry in enumerate(entries, first):
            entry.shard, entry.position = shard, position
        index.insert(entries)
    for entry in index.outdone(entries):
        _settle(entry)


@lru_cache(maxsize=1)
def _finish_forgetting_once(_process: int) -> None:
    finish_forgetting()


def _entries(keys: Sequence[FeatureKey], rows: Vector) -> list[FeatureVector]:
    means = pooled(rows, keys[0].extractor)
    return [
        FeatureVector(**asdict(key), sha256=checksum(row), pooled=mean)
        for key, row, mean in zip(keys, rows, means, strict=True)
    ]


def _settle(entry: FeatureVector) -> None:
    """`entry` found its key taken: a whole vector stays, a damaged one gives way."""
    old = index.standing(entry)
    if old is not None and not is_whole(store(), _place(old)):
        store().wipe(old.shard, [old.position])
        if index.replace(old, entry):
            return
    store().wipe(entry.shard, [entry.position])


def _place(row: FeatureVector) -> Place:
    key = FeatureKey(row.pixel_sha256, row.extractor, row.preprocessing)
    return Place(key, row.shard, row.position, row.sha256)
