"""What follows the commit of whoever changed a radiograph: at once where a person looks for it, and
else soon, by a worker, for all that changed meanwhile."""

import threading
from collections.abc import Callable, Iterable
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from core.tasks import ring_soon
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

    def leave_out(self, *keys: UUID) -> None:
        """Somebody else sees to these."""
        self._keys().difference_update(keys)

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


def follow_soon() -> None:
    """After the commit, let a worker see to new radiographs and answers."""
    from reading.tasks.upkeep import follow_changes  # tasks import the services

    transaction.on_commit(lambda: ring_soon(follow_changes), robust=True)
