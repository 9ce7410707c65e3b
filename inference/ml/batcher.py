"""Which of the waiting radiographs make the next micro-batch: a pure policy, no clock of its own.

Whoever somebody waits for comes first; within one urgency people take turns, so that a batch of
thousands holds up another person's single radiograph by no more than the micro-batch that runs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any, Final

from inference.ml.extractor import BatchLimits

# Who has waited so long moves up one urgency: a busy day must not starve the bulk for ever.
PROMOTION_SECONDS: Final = 15 * 60.0


@dataclass(frozen=True)
class Waiting:
    """One claimable row. ``urgency`` 0 is the most urgent; ``since`` is in the clock's seconds.

    ``was_tried`` marks a row whose worker died or gave it back: it may be what killed it.
    """

    key: Any
    person: Hashable
    urgency: int
    since: float
    was_tried: bool = False


@dataclass(frozen=True)
class Take:
    """``keys`` make the micro-batch; ``next_keys`` are likely to make the one after it."""

    keys: tuple[Any, ...]
    next_keys: tuple[Any, ...] = ()


@dataclass(frozen=True)
class WaitFor:
    """Look again after so many seconds: more rows may have come to share the batch."""

    seconds: float


def next_batch(
    waiting: Iterable[Waiting], limits: BatchLimits, now: float
) -> Take | WaitFor | None:
    """Decide at the moment ``now``; None when nothing waits.

    A micro-batch never mixes urgencies: nobody who is waited for pays for the bulk's company. A row
    that was tried before is taken alone, so that one that kills its worker cannot spend the
    attempts of its neighbours.
    """
    line = in_turn(waiting, now)
    if not line:
        return None
    if line[0].was_tried:
        return Take((line[0].key,), tuple(row.key for row in line[1 : limits.rows + 1]))
    urgency = _urgency(line[0], now)
    first = [row for row in line if _urgency(row, now) == urgency and not row.was_tried]
    waited = now - min(row.since for row in first)
    if len(first) < limits.rows and 0 <= waited < limits.patience:
        return WaitFor(limits.patience - waited)
    taken = first[: limits.rows]
    after = [row for row in line if row not in taken][: limits.rows]
    return Take(tuple(row.key for row in taken), tuple(row.key for row in after))


def in_turn(waiting: Iterable[Waiting], now: float) -> list[Waiting]:
    """All rows in the order of service: by urgency, then one of each person at a time.

    Each person's own rows keep their order, and who has waited longest opens each round.
    """
    by_urgency: dict[int, list[Waiting]] = defaultdict(list)
    for row in waiting:
        by_urgency[_urgency(row, now)].append(row)
    return list(chain.from_iterable(_rounds(by_urgency[level]) for level in sorted(by_urgency)))


def _rounds(rows: Sequence[Waiting]) -> list[Waiting]:
    people: dict[Hashable, list[Waiting]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.since):
        people[row.person].append(row)
    rounds = zip_longest(*people.values())
    return [row for turn in rounds for row in turn if row is not None]


def _urgency(row: Waiting, now: float) -> int:
    steps_up = int(max(0.0, now - row.since) // PROMOTION_SECONDS)
    return max(0, row.urgency - steps_up)
