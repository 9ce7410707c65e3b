"""Retraining that nobody asks for: after so many new confirmed cases, or every so many days.

Looked at once an hour. What was due and came to nothing is written into the plan with its reason.
Whether a model of such a run may serve by itself: `retraining.services.automatic`.
"""

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.audit import Deed, differing, note
from accounts.models import User
from accounts.roles import Capability
from core.jobs import OPEN_STATUSES, JobStatus
from images.models import GroundTruth, Target
from retraining import reasons
from retraining.ml.architectures import USUAL_EXTRACTOR, BadRecipe, architecture_of
from retraining.models import RetrainingPlan, SnapshotCase, TrainingRun, Trigger
from retraining.services.running import RunOpen, request_run
from retraining.snapshots.planning import SnapshotPlan, plan_of

if TYPE_CHECKING:
    from django.db.models import QuerySet

logger = logging.getLogger(__name__)

FIELDS: Final = (
    "is_on", "every_days", "after_cases", "architecture", "extractor", "promotes",
)  # fmt: skip
NO_OCCASION: Final = _("Say after how many days or after how many new cases.")


@transaction.atomic
def change_plan(*, target: Target, by: User, **values: Any) -> RetrainingPlan:
    """`values`: by field name (`FIELDS`); what is left out stays.

    Raises PermissionDenied, and ValidationError also for a plan that is on and has no occasion.
    """
    if not by.can(Capability.MANAGE_MODELS):
        raise PermissionDenied
    Target.objects.select_for_update(no_key=True).get(pk=target.pk)
    plan = RetrainingPlan.objects.filter(target=target).first() or RetrainingPlan(target=target)
    before = {name: getattr(plan, name) for name in FIELDS}
    for name, value in values.items():
        setattr(plan, name, value)
    plan.full_clean(exclude=["target", "last_run", "looked_at", "skipped", "skipped_facts"])
    if plan.is_on and not (plan.every_days or plan.after_cases):
        raise ValidationError(NO_OCCASION)
    plan.save()
    old, new = differing(before, {name: getattr(plan, name) for name in FIELDS})
    if new:
        note(
            actor=by, deed=Deed.CHANGED, subject="retraining-plan", subject_id=plan.pk,
            before=old, after={"target": target.code} | new,
        )  # fmt: skip
    return plan


def look_at_plans() -> int:
    """Begin each training that is due; how many. One plan's trouble is no other one's."""
    plans = RetrainingPlan.objects.filter(is_on=True, target__is_active=True)
    return sum(_looked_at(plan) for plan in plans.select_related("target", "last_run"))


def _looked_at(plan: RetrainingPlan) -> bool:
    try:
        trigger = _due(plan)
        return trigger is not None and _begin(plan, trigger)
    except Exception as problem:
        logger.warning("plan not looked at plan=%s problem=%s", plan.pk, type(problem).__name__)
        return False


def _due(plan: RetrainingPlan) -> Trigger | None:
    """By which occasion a training is due now."""
    tried = _last_attempt(plan)
    if plan.every_days is not None and _is_past(tried, timedelta(days=plan.every_days)):
        return Trigger.WEEKLY
    if plan.after_cases is not None and _new_cases(plan, tried) >= plan.after_cases:
        return Trigger.CASES
    return None


def _is_past(moment: datetime | None, distance: timedelta) -> bool:
    return moment is None or timezone.now() - moment >= distance


def _last_attempt(plan: RetrainingPlan) -> datetime | None:
    """When somebody, or this plan, last began a training or found that there was nothing to do."""
    newest = TrainingRun.objects.filter(target=plan.target).order_by("-created_at").first()
    moments = [newest.created_at if newest else None]
    if plan.skipped and plan.skipped != reasons.RUN_OPEN:
        moments.append(plan.looked_at)
    return max((moment for moment in moments if moment is not None), default=None)


def _new_cases(plan: RetrainingPlan, tried: datetime | None) -> int:
    """How many cases of today's list no training has seen; not worked out where too few are new."""
    fresh = _fresh_truths(plan, tried)
    if plan.after_cases is None or fresh.count() < plan.after_cases:
        return 0
    keys: set[UUID] = set(fresh.values_list("pk", flat=True))
    return sum(case.truth in keys for case in plan_of(plan.target).cases)


def _fresh_truths(plan: RetrainingPlan, tried: datetime | None) -> "QuerySet[GroundTruth]":
    """Statements that stand now and were not in the last frozen list.

    Where the last attempt froze none, or came later and found nothing to do: those since then.
    """
    rows = GroundTruth.objects.current().filter(target=plan.target, target_class__isnull=False)
    rows = rows.order_by()
    newest = TrainingRun.objects.filter(target=plan.target).order_by("-created_at").first()
    if newest is not None and newest.created_at == tried and newest.snapshot_id is not None:
        seen = SnapshotCase.objects.filter(snapshot=newest.snapshot_id)
        return rows.exclude(pk__in=seen.values("truth"))
    return rows.filter(created_at__gt=tried) if tried else rows


def _begin(plan: RetrainingPlan, trigger: Trigger) -> bool:
    if TrainingRun.objects.filter(target=plan.target, status__in=OPEN_STATUSES).exists():
        return _skip(plan, reasons.RUN_OPEN)
    planned = plan_of(plan.target)
    if planned.problems:
        return _skip(plan, reasons.NOT_READY, problems=list(planned.problems))
    if _is_unchanged(plan, planned):
        return _skip(plan, reasons.UNCHANGED, cases=len(planned.cases))
    try:
        run = request_run(
            target=plan.target, architecture=plan.architecture, extractor=plan.extractor,
            overrides={}, by=None, trigger=trigger,
        )  # fmt: skip
    except RunOpen:
        return _skip(plan, reasons.RUN_OPEN)
    except BadRecipe:
        return _skip(plan, reasons.BAD_RECIPE)
    _write(plan, last_run=run, skipped="", skipped_facts={})
    return True


def _is_unchanged(plan: RetrainingPlan, planned: SnapshotPlan) -> bool:
    """The same list has trained the same architecture to its end before."""
    backbone = architecture_of(plan.architecture).backbone
    extractor = backbone or plan.extractor or USUAL_EXTRACTOR
    done = TrainingRun.objects.filter(target=plan.target, status=JobStatus.DONE)
    last = done.filter(architecture=plan.architecture, extractor=extractor)
    newest = last.order_by("-created_at").select_related("snapshot").first()
    if newest is None or newest.snapshot is None:
        return False
    return bool(newest.snapshot.sha256 == planned.sha256)


def _skip(plan: RetrainingPlan, reason: str, **facts: Any) -> bool:
    _write(plan, skipped=reason, skipped_facts=facts)
    logger.info("training skipped plan=%s reason=%s", plan.pk, reason)
    return False


def _write(plan: RetrainingPlan, **values: Any) -> None:
    now = timezone.now()
    RetrainingPlan.objects.filter(pk=plan.pk).update(looked_at=now, updated_at=now, **values)
