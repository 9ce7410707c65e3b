"""Worklists follow what changed lately: new radiographs, and answers that stand elsewhere.

Nobody says which: the rows do, by when they were written. The cache keeps up to where they were
looked at. What it forgets, and what committed later than MARGIN after it was written, is found by
`keep_worklists` and `rank_worklists` in their time.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.core.cache import cache
from django.db.models import Q, QuerySet
from django.utils import timezone

from images.models import Radiograph
from inference.models import Standing
from reading.services.ranking import AT_ONCE, rank_cases
from reading.services.worklists import place_new

logger = logging.getLogger(__name__)

# A row is seen by others some time after the moment that stands in it.
MARGIN: Final = timedelta(seconds=5)
# Looked through where nobody remembers how far we were.
LATELY: Final = timedelta(minutes=15)


@dataclass(frozen=True)
class Trail:
    """Rows in the order of `moment`; `work` takes the radiographs that are named in `film`.

    An index must begin with what `rows` filters by and go on with `moment`.
    """

    name: str
    rows: Callable[[], QuerySet[Any]]
    moment: str
    film: str
    work: Callable[[list[UUID]], int]


NEW: Final = Trail("new", Radiograph.objects.kept, "created_at", "pk", place_new)
MOVED: Final = Trail("moved", Standing.objects.all, "updated_at", "radiograph", rank_cases)


def follow_changes(*, is_over: Callable[[], bool]) -> bool:
    """Bring worklists in line with what was written since the last time, in parts of AT_ONCE.

    False when `is_over` ended it between two parts; the next one goes on from there.
    """
    return all(_follow(trail, is_over) for trail in (NEW, MOVED))


def _follow(trail: Trail, is_over: Callable[[], bool]) -> bool:
    began = timezone.now()
    for reached, films in _parts(trail, _seen(trail) - MARGIN):
        trail.work(films)
        _note(trail, reached)
        if is_over():
            return False
    _note(trail, began)
    return True


def _parts(trail: Trail, since: datetime) -> Iterator[tuple[datetime, list[UUID]]]:
    """Up to which moment, and which radiographs."""
    columns = dict.fromkeys((trail.moment, "pk", trail.film))
    rows = trail.rows().order_by(trail.moment, "pk").values_list(*columns)
    part = list(rows.filter(**{f"{trail.moment}__gte": since})[:AT_ONCE])
    while part:
        reached, last, *_ = part[-1]
        yield reached, [row[-1] for row in part]
        # The first condition says nothing new, but by it the index is entered.
        onward = Q(**{f"{trail.moment}__gt": reached}) | Q(
            **{trail.moment: reached, "pk__gt": last}
        )
        part = list(rows.filter(onward, **{f"{trail.moment}__gte": reached})[:AT_ONCE])


def _seen(trail: Trail) -> datetime:
    now = timezone.now()
    try:
        seen = cache.get(_key(trail))
    except Exception as problem:  # whatever the cache's library raises; then more is looked at
        logger.warning("trail not remembered reason=%s", type(problem).__name__)
        seen = None
    # Never ahead of this clock, which may have been put back.
    return min(datetime.fromisoformat(seen), now) if seen else now - LATELY


def _note(trail: Trail, reached: datetime) -> None:
    try:
        cache.set(_key(trail), reached.isoformat(), timeout=None)
    except Exception as problem:
        logger.warning("trail not remembered reason=%s", type(problem).__name__)


def _key(trail: Trail) -> str:
    return f"worklists-followed-{trail.name}"
