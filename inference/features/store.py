"""Which store this installation has: files in the data folder, or a bucket (`FEATURES_URL`)."""

import os
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from inference.features.local import LocalShards
from inference.features.shards import ShardStore


def store() -> ShardStore:
    """The store of this process. A forked child gets its own: descriptors are never shared."""
    return _store(os.getpid(), Path(settings.FEATURES_DIR), settings.FEATURES_URL)


@lru_cache(maxsize=1)
def _store(_process: int, folder: Path, url: str) -> ShardStore:
    if not url:
        return LocalShards(folder)
    from core.buckets import Bucket
    from inference.features.s3 import S3Shards

    return S3Shards(Bucket.from_url(url, "FEATURES_URL"))
