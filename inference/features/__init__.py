"""The cache of feature vectors: append-only fp16 shards, indexed in the database.

A vector costs a second of a processor and 50 kB of disk, and never changes: its key holds all that
it depends on. The cache may be lost, emptied or damaged at any time; what is missing is made again.

`cache` has the verbs, `index` the rows, `local` and `s3` the bytes.
"""

from inference.features.cache import (
    cached_or_made,
    finish_forgetting,
    forget,
    keep_many,
    read,
    read_many,
    stream,
)
from inference.features.keys import FeatureKey, Vector

__all__ = [
    "FeatureKey",
    "Vector",
    "cached_or_made",
    "finish_forgetting",
    "forget",
    "keep_many",
    "read",
    "read_many",
    "stream",
]
