"""What labels that are not saved yet would change: a job (core.jobs) of the training queue.

Nothing here writes ground truth. The answer is for the person who asked and is thrown away after
a day.
"""

import logging
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.roles import Capability
from core.jobs import OPEN_STATUSES, oldest_held
from core.tasks import ring
from images.models import Radiograph, Target
from retraining import reasons
from retraining.cohort import Cohort, cohort_of
from retraining.models import LabelImpact

logger = logging.getLogger(__name__)

KEPT_FOR: Final = timedelta(days=1)
# As many keys and classes as one row holds well (1.5 MB).
MOST_LABELS: Final = 20_000
KEYS_PER_QUERY: Final = 500


class TooManyLabels(Exception):
    """More labels than one preview takes (MOST_LABELS)."""


@transaction.atomic
def request_impact(*, target: Target, labels: Mapping[UUID, str], by: User) -> LabelImpact:
    """Let a worker find out what `labels` (class codes, "" for none) would change.

    Labels of radiographs that `by` does not see are left out. The same question that still waits
    is not asked twice. Raises PermissionDenied without the capability, TooManyLabels.
    """
    if not by.can(Capability.REVIEW_LABELS):
        raise PermissionDenied
    if len(labels) > MOST_LABELS:
        raise TooManyLabels
    wanted = {str(key): labels[key] for key in _seen(by, sorted(labels))}
    waiting = LabelImpact.objects.visible_to(by).filter(target=target, status__in=OPEN_STATUSES)
    same: LabelImpact | None = next((row for row in waiting if row.labels == wanted), None)
    if same is not None:
        return same
    row: LabelImpact = LabelImpact.objects.create(
        site=by.site, target=target, requested_by=by, labels=wanted
    )
    transaction.on_commit(_ring)
    return row


def _seen(by: User, keys: list[UUID]) -> list[UUID]:
    visible = Radiograph.objects.visible_to(by).kept().order_by()
    found: set[UUID] = set()
    for start in range(0, len(keys), KEYS_PER_QUERY):
        some = visible.filter(pk__in=keys[start : start + KEYS_PER_QUERY])
        found |= set(some.values_list("pk", flat=True))
    return [key for key in keys if key in found]


def throw_away_old_impacts() -> int:
    """Remove answers and questions that are a day old; returns how many."""
    old = LabelImpact.objects.filter(created_at__lt=timezone.now() - KEPT_FOR)
    return old.delete()[0]


def resume_impacts() -> bool:
    """Ring for previews whose bell or worker was lost, and bury those that killed three workers."""
    LabelImpact.objects.bury_exhausted()
    return LabelImpact.objects.awaits_worker() and _ring()


def work_on_impact() -> bool:
    """Work on the oldest preview to its end; True while there is another one. Loads torch."""
    with oldest_held(LabelImpact.objects.select_related("target")) as held:
        if held is not None:
            _work(held.owner, held.row)
    return LabelImpact.objects.awaits_worker()


def _work(owner: str, row: LabelImpact) -> None:
    from retraining.ml.training_spec import TrainingFailed

    rows, began = LabelImpact.objects.all(), time.monotonic()
    try:
        result = _found_out(owner, row)
    except TrainingFailed:
        rows.fail(owner, reasons.BAD_FEATURES)
    except Exception as problem:
        # The type alone: an error's text may hold a path or a value.
        logger.warning("label impact stopped problem=%s", type(problem).__name__)
        rows.release(owner, reasons.code_of(problem))
    else:
        rows.finish(owner, result=result, seconds=round(time.monotonic() - began, 2))


def _found_out(owner: str, row: LabelImpact) -> dict[str, Any]:
    """What the page shows: see `retraining.ml.impact.Impact.to_dict`, with keys and codes."""
    from retraining.ml.impact import preview

    labels = {UUID(key): code for key, code in row.labels.items()}
    cohort = cohort_of(row.target, labels)

    def tell(done: int, total: int) -> None:
        told = {"percent": 100 * done // total}
        LabelImpact.objects.owned(owner).update(result=told, updated_at=timezone.now())

    if not cohort.cases:
        return {"verdict": "cannot-say", "flags": ["no-features"], **_counts(cohort)}
    found = preview(
        cohort.vectors, cohort.now, cohort.after, cohort.groups, cohort.spec, on_head=tell
    )
    flipped = [
        {
            "radiograph": str(cohort.cases[flip.row].radiograph),
            "before": cohort.classes[flip.before],
            "after": cohort.classes[flip.after],
        }
        for flip in found.flipped
    ]
    return found.to_dict() | _counts(cohort) | {"flipped": flipped}


def _counts(cohort: Cohort) -> dict[str, int]:
    return {
        "cases": len(cohort.cases),
        "without_features": cohort.without_features,
        "refused": cohort.refused,
        "sealed": cohort.sealed,
    }


def _ring() -> bool:
    from retraining.tasks import preview_impact_waiting

    return ring(preview_impact_waiting)
