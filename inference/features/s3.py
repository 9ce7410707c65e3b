"""Shards as objects of an S3-compatible server: PREFIX/EXTRACTOR/PREPROCESSING/NAME.f16.

One object for each batch that is kept, never appended to.
"""

import errno
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, Final

import numpy as np

from core.buckets import MISSING, Bucket, client
from inference.features import index
from inference.features.keys import LITTLE_ENDIAN_FP16, Vector
from inference.features.shards import ShardKind, Written, runs
from inference.models import FeatureShard

# While a server is down a prediction must not wait for it again and again.
REST_SECONDS: Final = 30.0
# A request takes as long as about so many records: fewer unwanted ones are fetched along, so that
# an object of which most is wanted is one request.
WIDEST_GAP: Final = 16
# Far longer than any batch takes from its first byte to its rows.
ABANDONED_AFTER: Final = timedelta(hours=1)


class OutOfReach(OSError):
    """The server does not answer, or refuses; `strerror` is its code, without addresses."""


class S3Shards:
    """A store (`ShardStore`) on one bucket. Its client may be used by several threads."""

    readers = 8

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._client = client(bucket, self.readers)
        self._rests_until = 0.0
        self._is_tidy = False

    @contextmanager
    def appended(self, kind: ShardKind, rows: Vector) -> Iterator[Written]:
        self._refuse_while_resting()
        self._tidy_once()
        shard = index.new_shard(kind)
        # Before the object: by this row it is found when nobody lives to index its records.
        shard.save(force_insert=True)
        try:
            self._ask("put_object", shard, Body=rows.tobytes())
            yield Written(shard, 0)
        except BaseException:
            with suppress(OSError):
                self._ask("delete_object", shard)
            raise

    def fill(self, shard: FeatureShard, positions: Sequence[int], rows: Vector) -> None:
        record = ShardKind.of(shard).record_bytes
        for run in runs(positions, WIDEST_GAP):
            first, last = positions[run.start], positions[run.stop - 1]
            content = self._get(shard, Range=f"bytes={first * record}-{(last + 1) * record - 1}")
            whole = content.ljust((last + 1 - first) * record, b"\0")
            records = np.frombuffer(whole, LITTLE_ENDIAN_FP16).reshape(-1, shard.dimensions)
            rows[run] = records[np.array(positions[run]) - first]

    def wipe(self, shard: FeatureShard, positions: Iterable[int]) -> None:
        """Put the object again without these records, or delete it when they were the last.

        A bucket that keeps old versions of objects keeps these too: it must not.
        """
        # Two that put the whole object at once would each bring back what the other wiped.
        with index.alone_with(shard), suppress(FileNotFoundError):
            content = bytearray(self._get(shard))
            record = ShardKind.of(shard).record_bytes
            for start in (position * record for position in positions):
                content[start : start + record] = bytes(len(content[start : start + record]))
            if any(content):
                self._ask("put_object", shard, Body=bytes(content))
            else:
                self._ask("delete_object", shard)

    def _tidy_once(self) -> None:
        """Delete what processes put and did not live to index, and what has been forgotten."""
        if self._is_tidy:
            return
        for shard in index.abandoned_shards(ABANDONED_AFTER):
            self._ask("delete_object", shard)
            index.drop_if_empty(shard)
        self._is_tidy = True

    def _get(self, shard: FeatureShard, **wanted: str) -> bytes:
        content: bytes = self._ask("get_object", shard, **wanted)
        return content

    def _ask(self, verb: str, shard: FeatureShard, **arguments: Any) -> Any:
        """One request, and the body of its answer. FileNotFoundError or OutOfReach."""
        from botocore.exceptions import BotoCoreError, ClientError

        self._refuse_while_resting()
        request = getattr(self._client, verb)
        try:
            answer = request(Bucket=self._bucket.name, Key=self._key(shard), **arguments)
            return answer["Body"].read() if "Body" in answer else None
        except ClientError as problem:
            code = problem.response["Error"]["Code"]
            if code in MISSING:
                raise FileNotFoundError(errno.ENOENT, code) from None
            raise self._out_of_reach(code) from None
        except BotoCoreError as problem:
            # Its text names addresses; its type is enough.
            raise self._out_of_reach(type(problem).__name__) from None

    def _key(self, shard: FeatureShard) -> str:
        kind = ShardKind.of(shard)
        name = f"{kind.extractor}/{kind.preprocessing}/{shard.name}.f16"
        return f"{self._bucket.prefix}/{name}".lstrip("/")

    def _out_of_reach(self, reason: str) -> OutOfReach:
        self._rests_until = time.monotonic() + REST_SECONDS
        return OutOfReach(errno.EIO, reason)

    def _refuse_while_resting(self) -> None:
        if time.monotonic() < self._rests_until:
            raise OutOfReach(errno.EIO, "resting after an outage")
