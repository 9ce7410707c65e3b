"""Searching the labels of one target for errors: a job (core.jobs) of the training queue."""

import logging
import time
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.roles import Capability
from core.jobs import OPEN_STATUSES, LeaseLost, oldest_held
from core.tasks import ring
from images.models import GroundTruth, Target
from images.services.copies import join_rest
from retraining import reasons
from retraining.cohort import Cohort, cohort_of
from retraining.models import LabelCheck, Suspicion
from retraining.services.suspecting import (
    Found,
    changed_since_training,
    close_corrected,
    contradicted_by_copies,
    keep_found,
)

logger = logging.getLogger(__name__)

EVERY: Final = timedelta(days=7)


@transaction.atomic
def request_label_check(*, target: Target, by: User | None) -> LabelCheck:
    """Let a worker look through the labels of `target`; joins a check that is open.

    `by` is None for the platform itself. Raises PermissionDenied without the capability.
    """
    if by is not None and not by.can(Capability.REVIEW_LABELS):
        raise PermissionDenied
    check, _created = LabelCheck.objects.get_or_create(
        target=target, status__in=OPEN_STATUSES, defaults={"requested_by": by}
    )
    transaction.on_commit(_ring)
    return check


def request_due_checks() -> int:
    """Ask for a check of each target with labels whose last one is a week old; how many."""
    since = timezone.now() - EVERY
    labelled = GroundTruth.objects.current().filter(target_class__isnull=False)
    recent = LabelCheck.objects.filter(created_at__gte=since).values("target")
    due = Target.objects.filter(is_active=True, pk__in=labelled.values("target")).exclude(
        pk__in=recent
    )
    for target in due:
        request_label_check(target=target, by=None)
    return len(due)


def resume_label_checks() -> bool:
    """Ring for checks whose bell or worker was lost, and bury those that killed three workers."""
    LabelCheck.objects.bury_exhausted()
    return LabelCheck.objects.awaits_worker() and _ring()


def work_on_label_check() -> bool:
    """Work on the oldest check to its end; True while there is another one. Loads torch."""
    with oldest_held(LabelCheck.objects.select_related("target")) as held:
        if held is not None:
            _work(held.owner, held.row)
    return LabelCheck.objects.awaits_worker()


def _work(owner: str, check: LabelCheck) -> None:
    from retraining.ml.training_spec import TrainingFailed

    try:
        _search(owner, check)
    except LeaseLost:
        return
    except TrainingFailed:
        LabelCheck.objects.fail(owner, reasons.BAD_FEATURES)
    except Exception as problem:
        # The type alone: an error's text may hold a path or a value.
        logger.warning("label check stopped problem=%s", type(problem).__name__)
        LabelCheck.objects.release(owner, reasons.code_of(problem))


def _search(owner: str, check: LabelCheck) -> None:
    began = time.monotonic()
    join_rest()
    cohort = cohort_of(check.target)
    by_loss = _by_loss(cohort)
    with transaction.atomic():
        close_corrected()
        new = _keep(check.target, by_loss)
        facts = {
            "checked": len(cohort.cases) if by_loss is not None else 0,
            "found": new,
            "without_features": cohort.without_features,
            "seconds": round(time.monotonic() - began, 2),
        }
        rows = LabelCheck.objects.all()
        if by_loss is None:
            held = rows.fail(owner, reasons.TOO_FEW, **facts)
        else:
            held = rows.finish(owner, **facts)
        if not held:
            raise LeaseLost


def _keep(target: Target, by_loss: dict[UUID, Found] | None) -> int:
    """How many suspicions are new. Too few cases to judge by say nothing of those found earlier."""
    found = {
        Suspicion.COPIES: contradicted_by_copies(target),
        Suspicion.CHANGED: changed_since_training(target),
    }
    if by_loss is not None:
        found[Suspicion.LOSS] = by_loss
    return sum(
        keep_found(target=target, suspicion=suspicion, found=each)
        for suspicion, each in found.items()
    )


def _by_loss(cohort: Cohort) -> dict[UUID, Found] | None:
    """None where there are too few cases to judge by."""
    from retraining.ml.out_of_fold import TooFew
    from retraining.ml.suspects import find_suspects

    if not cohort.cases:
        return None
    try:
        suspects = find_suspects(cohort.vectors, cohort.now, cohort.groups, cohort.spec)
    except TooFew:
        return None
    cases = [(cohort.cases[each.row], each.loss) for each in suspects.found]
    return {
        case.truth: Found(case.radiograph, score=round(loss, 4))
        for case, loss in cases
        if case.truth is not None
    }


def _ring() -> bool:
    from retraining.tasks import check_labels_waiting

    return ring(check_labels_waiting)
