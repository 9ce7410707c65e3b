"""What follows the commit of whoever changed a radiograph, once for all of one transaction."""

import threading
from collections.abc import Callable, Iterable
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from reading.services import place, rank_cases


class Later:
    """Keys that a transaction mentions, worked on after its commit, all in one go.

    A table of ten thousand results mentions as many. Keys of what was rolled back are worked on
    with the next ones: `work` looks at what is there and does no harm by looking too often.
    """

    def __init__(self, work: Callable[[Iterable[UUID]], Any]) -> None:
        self._work = work
        self._mine = threading.local()

    def add(self, *keys: UUID) -> None:
        self._keys().update(keys)
        # Robust: a worklist that cannot be written must not fail an upload; upkeep mends it.
        transaction.on_commit(self._flush, robust=True)

    def _flush(self) -> None:
        keys = self._keys()
        some = list(keys)
        keys.clear()
        if some:
            self._work(some)

    def _keys(self) -> set[UUID]:
        found: set[UUID] = self._mine.__dict__.setdefault("keys", set())
        return found


to_place: Final = Later(place)
to_rank: Final = Later(rank_cases)
