"""Keeping where the answers stand (`inference.models.Standing`), whatever changes predictions.

Callers say whose predictions they changed, in their own transaction. What two of them write at the
same moment may miss each other: upkeep looks at what changed lately once more.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from core.jobs import OPEN_STATUSES, JobStatus
from images.models import Radiograph, Target
from images.models.target import RT_PCR_TARGET
from inference.models import Prediction, Standing, StandingOf
from inference.readings import is_near, logit
from inference.signals import standings_changed

# SQLite takes so many values in one statement.
AT_ONCE: Final = 500
# What upkeep looks at again: longer than it ever waits for its next turn.
LATELY: Final = timedelta(hours=3)
WRITTEN: Final = ("standing", "prediction", "doubt", "is_uncertain", "updated_at")


@transaction.atomic
def note_standings(radiographs: Iterable[UUID]) -> None:
    """Write anew where the answers for these radiographs stand; joins the transaction."""
    keys = sorted(set(radiographs))
    if not keys:
        return
    rt_pcr = Target.objects.only("pk").get(code=RT_PCR_TARGET).pk
    for some in _parts(keys):
        # What was deleted while a worker was busy with it has no standing.
        there = Radiograph.objects.order_by().filter(pk__in=some).values_list("pk", flat=True)
        _write([*_standings(list(there), rt_pcr).values()])
    # Robust: a worklist that cannot be ranked must fail neither an upload nor a micro-batch.
    transaction.on_commit(
        lambda: standings_changed.send(sender=Standing, radiographs=keys), robust=True
    )


def mend_standings() -> int:
    """Look again at what changed lately, and at radiographs without a standing; how many those are.

    Nobody needs the result: it is what a race or an older version left behind.
    """
    since = timezone.now() - LATELY
    own = Standing.objects.filter(radiograph=OuterRef("pk"), target__code=RT_PCR_TARGET)
    missing = Radiograph.objects.order_by().filter(~Exists(own)).values_list("pk", flat=True)
    changed = Prediction.objects.order_by().filter(updated_at__gte=since)
    keys = {*missing, *changed.values_list("radiograph", flat=True).distinct()}
    for some in _parts(sorted(keys)):
        note_standings(some)
    return len(keys)


def _standings(radiographs: Iterable[UUID], rt_pcr: UUID) -> dict[tuple[UUID, UUID], Standing]:
    found = {
        (key, rt_pcr): Standing(radiograph_id=key, target_id=rt_pcr, standing=StandingOf.NONE)
        for key in radiographs
    }
    rows = Prediction.objects.filter(radiograph__in=radiographs).exclude(status=JobStatus.CANCELLED)
    # Oldest first: the newest of each is written last.
    for row in rows.select_related("model", "predicted_class").order_by("created_at", "pk"):
        found[row.radiograph_id, row.target_id] = _standing(row)
    return found


def _standing(row: Prediction) -> Standing:
    standing = Standing(
        radiograph_id=row.radiograph_id,
        target_id=row.target_id,
        prediction=row,
        standing=_word(row),
    )
    if row.status == JobStatus.DONE and row.probability is not None and row.model is not None:
        threshold = row.model.threshold
        standing.doubt = abs(logit(row.probability) - logit(threshold))
        standing.is_uncertain = row.is_unsure or is_near(row.probability, threshold)
    return standing


def _word(row: Prediction) -> StandingOf:
    if row.status in OPEN_STATUSES:
        return StandingOf.WAITING
    if row.status != JobStatus.DONE or row.predicted_class is None:
        return StandingOf.FAILED
    return StandingOf.POSITIVE if row.predicted_class.is_positive else StandingOf.NEGATIVE


def _write(rows: list[Standing]) -> None:
    now = timezone.now()
    for row in rows:
        row.updated_at = now
        if row.doubt is not None and not math.isfinite(row.doubt):
            row.doubt = None
    Standing.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["radiograph", "target"], update_fields=WRITTEN
    )


def _parts(keys: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    return (keys[start : start + AT_ONCE] for start in range(0, len(keys), AT_ONCE))
