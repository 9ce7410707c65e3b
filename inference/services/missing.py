"""Finding radiographs that nobody asked about, at a cost that does not grow with the archive.

Whatever is stored or restored is asked about there and then (`images_ready`). Left out is what was
stored while no model served or a target was switched off, what an import wrote past the services,
and what two transactions missed of each other.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone

from core.models import BEFORE_ALL
from images.models import Radiograph, Target
from images.models.radiograph import RadiographQuerySet
from inference.models import DeployedModel, MissingSearch, Prediction, Urgency
from inference.services.queue import enqueue

# Predictions made in one pass for each target; the next pass, seconds later, makes the next ones.
MISSING_AT_ONCE: Final = 500
# Radiographs looked at in one slice: some milliseconds.
SLICE: Final = 5000
# Slices of one pass while a target is new: it shall not wait for the usual walk.
SLICES_WHILE_NEW: Final = 10
# Longer than any transaction that stores radiographs, and than some passes that were lost.
LATELY: Final = timedelta(minutes=2)


@transaction.atomic
def queue_missing(*, limit: int = MISSING_AT_ONCE) -> int:
    """Queue what no signal asked for: kept radiographs without any prediction for a live target.

    Each pass looks at what was stored lately and at one slice of the archive, because no index can
    tell which rows have none in another table. The slices follow each other by the keys, so that
    each radiograph has its turn once in (radiographs / SLICE) passes; how far they have come is
    kept in the database and not in the cache, because a cache that forgets would begin anew for
    ever and never reach the last keys. Returns how many predictions were queued.
    """
    served = [model.target for model in DeployedModel.objects.live_models()]
    MissingSearch.objects.exclude(target__in=served).delete()
    return sum(_queue_missing(target, limit) for target in served)


def _queue_missing(target: Target, limit: int) -> int:
    found = _ask(target, _stored_lately(target, limit))
    search, _created = MissingSearch.objects.select_related("target").get_or_create(target=target)
    came_from = search.after, search.is_first_circle
    for _slice in range(SLICES_WHILE_NEW if search.is_first_circle else 1):
        if found >= limit:
            break
        found += _ask(target, _next_slice(search, limit - found))
        if search.after == BEFORE_ALL:
            break
    if (search.after, search.is_first_circle) != came_from:
        _keep(search, came_from[0])
    return found


def _without_prediction(target: Target, **predictions: UUID) -> RadiographQuerySet:
    """Looking only at `predictions` (conditions), where the caller knows more of them."""
    asked = Prediction.objects.filter(target=target, **predictions)
    return Radiograph.objects.filter(~models.Exists(asked.filter(radiograph=models.OuterRef("pk"))))


def _stored_lately(target: Target, limit: int) -> list[UUID]:
    since = timezone.now() - LATELY
    rows = _without_prediction(target).kept().filter(created_at__gte=since)
    return list(rows.order_by("-created_at", "-pk").values_list("pk", flat=True)[:limit])


def _next_slice(search: MissingSearch, limit: int) -> list[UUID]:
    """Kept radiographs of the slice after the place of `search`, which is moved behind them.

    It is never moved past one that the `limit` left out, and to the beginning after the last. Keys
    alone are read, between the same bounds of both tables, because PostgreSQL else reads the whole
    tables to join them.
    """
    rows = Radiograph.objects.filter(pk__gt=search.after).order_by("pk")
    within = {"gt": search.after}
    if end := list(rows.values_list("pk", flat=True)[SLICE - 1 : SLICE]):
        within["lte"] = end[0]
    bounds = {f"radiograph__{name}": key for name, key in within.items()}
    rows = _without_prediction(search.target, **bounds).order_by("pk")
    rows = rows.filter(**{f"pk__{name}": key for name, key in within.items()})
    found = list(rows.values_list("pk", flat=True)[:limit])
    if len(found) == limit:
        search.after = found[-1]
    elif end:
        search.after = end[0]
    else:
        search.after, search.is_first_circle = BEFORE_ALL, False
    return _kept(found) if found else []


def _kept(radiographs: list[UUID]) -> list[UUID]:
    kept = Radiograph.objects.kept().filter(pk__in=radiographs)
    return list(kept.values_list("pk", flat=True))


def _keep(search: MissingSearch, came_from: UUID) -> None:
    """Unless another worker moved on meanwhile: its circle must not lose the keys in between."""
    MissingSearch.objects.filter(pk=search.pk, after=came_from).update(
        after=search.after, is_first_circle=search.is_first_circle, updated_at=timezone.now()
    )


def _ask(target: Target, radiographs: Iterable[UUID]) -> int:
    return enqueue(
        Prediction(radiograph_id=key, target=target, urgency=Urgency.BACKGROUND)
        for key in radiographs
    )
