"""Keeping where the answers stand (`inference.models.Standing`), whatever changes predictions.

Callers say whose predictions they changed, in their own transaction. What two of them write at the
same moment may miss each other: upkeep looks at what changed lately once more.
"""

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Final, NamedTuple
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


@transaction.atomic(savepoint=False)
def note_standings(radiographs: Iterable[UUID]) -> None:
    """Write anew where the answers for these radiographs stand; joins the transaction, which ends
    with it when it fails."""
    keys = sorted(set(radiographs))
    if not keys:
        return
    for some in _parts(keys):
        found = _standings(some)
        # In one order, so that no two writers wait for each other.
        _write([found[key] for key in sorted(found)])
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


class _Answer(NamedTuple):
    """What a standing is made of, in the order of `_COLUMNS`."""

    radiograph: UUID
    target: UUID
    target_code: str
    prediction: UUID
    status: str
    probability: float | None
    is_unsure: bool
    threshold: float | None
    is_positive: bool | None


_COLUMNS: Final = (
    "radiograph", "target", "target__code", "pk", "status", "probability", "is_unsure",
    "model__threshold", "predicted_class__is_positive",
)  # fmt: skip


def _standings(radiographs: Collection[UUID]) -> dict[tuple[UUID, UUID], Standing]:
    rows = Prediction.objects.filter(radiograph__in=radiographs).exclude(status=JobStatus.CANCELLED)
    # Oldest first: the newest of each is written last.
    ordered = rows.order_by("created_at", "pk").values_list(*_COLUMNS)
    answers = [_Answer(*row) for row in ordered]
    asked = {answer.radiograph for answer in answers if answer.target_code == RT_PCR_TARGET}
    found = _not_asked([key for key in radiographs if key not in asked])
    for answer in answers:
        found[answer.radiograph, answer.target] = _standing(answer)
    return found


def _not_asked(radiographs: Sequence[UUID]) -> dict[tuple[UUID, UUID], Standing]:
    """That nobody asked for a radiograph's RT-PCR answer is a standing as well."""
    if not radiographs:
        return {}
    rt_pcr = Target.objects.only("pk").get(code=RT_PCR_TARGET).pk
    # What was deleted while a worker was busy with it has no standing.
    there = Radiograph.objects.order_by().filter(pk__in=radiographs).values_list("pk", flat=True)
    return {
        (key, rt_pcr): Standing(radiograph_id=key, target_id=rt_pcr, standing=StandingOf.NONE)
        for key in there
    }


def _standing(answer: _Answer) -> Standing:
    standing = Standing(
        radiograph_id=answer.radiograph,
        target_id=answer.target,
        prediction_id=answer.prediction,
        standing=_word(answer),
    )
    probability, threshold = answer.probability, answer.threshold
    if answer.status == JobStatus.DONE and probability is not None and threshold is not None:
        standing.doubt = abs(logit(probability) - logit(threshold))
        standing.is_uncertain = answer.is_unsure or is_near(probability, threshold)
    return standing


def _word(answer: _Answer) -> StandingOf:
    if answer.status in OPEN_STATUSES:
        return StandingOf.WAITING
    if answer.status != JobStatus.DONE or answer.is_positive is None:
        return StandingOf.FAILED
    return StandingOf.POSITIVE if answer.is_positive else StandingOf.NEGATIVE


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
