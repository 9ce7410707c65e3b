"""The index of the cache: which key's vector lies at which place. Rows only, no bytes."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final, NamedTuple, TypeVar

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from inference.features.keys import FeatureKey
from inference.features.shards import ShardKind
from inference.models import FeatureShard, FeatureVector

KEYS_PER_QUERY: Final = 500
# A shard that was indexed up to here takes no more: about 200 MB of VGG16's vectors.
FULL: Final = 4096
# In place of a checksum: this vector is being forgotten. No bytes have it, so none are read.
FORGOTTEN: Final = ""

T = TypeVar("T")


class Place(NamedTuple):
    """Where the vector of `key` lies, and the checksum of its bytes."""

    key: FeatureKey
    shard: FeatureShard
    position: int
    sha256: str


def places_of(keys: Iterable[FeatureKey]) -> list[Place]:
    """The places of those keys that are indexed, sorted by kind, shard and position."""
    hashes = defaultdict(list)
    for key in dict.fromkeys(keys):
        hashes[key.extractor, key.preprocessing].append(key.pixel_sha256)
    shards: dict[uuid.UUID, FeatureShard] = {}
    places = [
        place
        for (extractor, preprocessing), wanted in hashes.items()
        for some in batches(wanted, KEYS_PER_QUERY)
        for place in _places(extractor, preprocessing, some, shards)
    ]
    return sorted(places, key=_order)


def kind_of(place: Place) -> tuple[str, str, int]:
    shard = place.shard
    return shard.extractor, shard.preprocessing, shard.dimensions


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def insert(rows: Sequence[FeatureVector]) -> None:
    """Add rows in one transaction; a key that has a row already keeps that one."""
    FeatureVector.objects.bulk_create(rows, ignore_conflicts=True)


def outdone(rows: Sequence[FeatureVector]) -> list[FeatureVector]:
    """Those of the inserted `rows`, all of one shard, whose key had a row already."""
    added = set(
        FeatureVector.objects.filter(
            shard=rows[0].shard, position__in=[row.position for row in rows]
        ).values_list("position", flat=True)
    )
    return [row for row in rows if row.position not in added]


def standing(row: FeatureVector) -> FeatureVector | None:
    """The row that has the key of `row` now."""
    return (
        FeatureVector.objects.filter(
            pixel_sha256=row.pixel_sha256,
            extractor=row.extractor,
            preprocessing=row.preprocessing,
        )
        .select_related("shard")
        .first()
    )


def replace(old: FeatureVector, new: FeatureVector) -> bool:
    """Let the row of `old` promise what `new` does; False when it is not as it was read."""
    unchanged = FeatureVector.objects.filter(pk=old.pk, shard=old.shard, position=old.position)
    return bool(
        unchanged.update(
            shard=new.shard, position=new.position, sha256=new.sha256, pooled=new.pooled
        )
    )


def new_shard(kind: ShardKind) -> FeatureShard:
    return FeatureShard(name=uuid.uuid4().hex, **vars(kind))


def shards_with_room(kind: ShardKind) -> list[FeatureShard]:
    """Shards that are not full, the fullest first, whoever appends to them now.

    Counted by what is indexed, not by bytes: a killed process may have left some unindexed behind,
    and whoever takes its shard over wipes them.
    """
    ends = FeatureShard.objects.filter(**vars(kind)).annotate(end=Max("vectors__position"))
    return sorted(ends.filter(Q(end=None) | Q(end__lt=FULL - 1)), key=_end, reverse=True)


def abandoned_shards(older_than: timedelta) -> list[FeatureShard]:
    """Shards without a single indexed vector, for so long that nobody is about to add some."""
    before = timezone.now() - older_than
    return list(FeatureShard.objects.filter(created_at__lt=before, vectors=None))


def drop_if_empty(shard: FeatureShard) -> None:
    FeatureShard.objects.filter(pk=shard.pk, vectors=None).delete()


@contextmanager
def alone_with(shard: FeatureShard) -> Iterator[None]:
    """A transaction that nobody else has on this shard; the others wait."""
    with transaction.atomic():
        FeatureShard.objects.select_for_update().filter(pk=shard.pk).first()
        yield


def positions_of(shard: FeatureShard) -> set[int]:
    return set(FeatureVector.objects.filter(shard=shard).values_list("position", flat=True))


def _end(shard: Any) -> int:
    return -1 if shard.end is None else int(shard.end)


def _places(
    extractor: str, preprocessing: str, hashes: Sequence[str], shards: dict[uuid.UUID, FeatureShard]
) -> Iterator[Place]:
    rows = FeatureVector.objects.filter(
        extractor=extractor, preprocessing=preprocessing, pixel_sha256__in=hashes
    ).exclude(sha256=FORGOTTEN)
    facts = ("pixel_sha256", "position", "sha256", "shard_id", "shard__name", "shard__dimensions")
    for pixels, position, sha256, shard_id, name, dimensions in rows.values_list(*facts):
        shard = shards.get(shard_id) or shards.setdefault(
            shard_id,
            FeatureShard(
                id=shard_id, name=name, extractor=extractor, preprocessing=preprocessing,
                dimensions=dimensions,
            ),
        )  # fmt: skip
        yield Place(FeatureKey(pixels, extractor, preprocessing), shard, position, sha256)


def _order(place: Place) -> tuple[tuple[str, str, int], str, int]:
    return kind_of(place), place.shard.name, place.position
