"""Promotion without a person's word: for versions of a target's own plan that allows it, no others.

The rules are the same as for people. What a version lacks and the platform can get for it, it gets:
a comparison with the model that serves now, and its time in the shadow. What remains is on record
as an attempt that the gate refused.
"""

import logging
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from core.jobs import JobStatus
from inference.models import DeployedModel, Duty
from retraining import reasons
from retraining.models import (
    ModelVersion,
    Promotion,
    PromotionKind,
    RetrainingPlan,
    ShortcutAudit,
    Trigger,
)
from retraining.promotion import gate
from retraining.services.promoting import (
    PromotionRefused,
    open_promotion,
    request_comparison,
    request_promotion,
    request_shadow,
    shadow_of,
)
from retraining.snapshots.planning import rules_of

logger = logging.getLogger(__name__)

UNATTENDED: Final = (Trigger.WEEKLY, Trigger.CASES)


def after_audit(version: ModelVersion) -> Promotion | None:
    """What is next for `version`, whose audit or comparison has just ended: asked for, or None."""
    if not _may_go_by_itself(version):
        return None
    live = DeployedModel.objects.live(version.target)
    results = gate.judge(version, rules_of(version.target), live)
    wants = {result.rule for result in gate.unmet(results)}
    try:
        return _next(version, live, wants)
    except PromotionRefused as refused:
        # Somebody was quicker, or the evidence changed: the next look decides.
        logger.info("no promotion version=%s why=%s", version.pk, type(refused).__name__)
        return None


def promote_due() -> int:
    """Look again at the newest version of each plan: its shadow may have seen enough; how many."""
    plans = RetrainingPlan.objects.filter(is_on=True, promotes=True, target__is_active=True)
    found = (_newest(plan) for plan in plans)
    return sum(after_audit(version) is not None for version in found if version is not None)


def _next(version: ModelVersion, live: DeployedModel | None, wants: set[str]) -> Promotion | None:
    if not wants:
        return request_promotion(version=version, by=None, reason=_reason(), expected=live)
    if gate.AUDIT in wants and _audit_is_open(version):
        return None
    if not gate.is_compared_with(version, live):
        if _was_tried(version, PromotionKind.COMPARE):
            return None
        return request_comparison(version=version, by=None, reason=_reason())
    if wants == {gate.SHADOW}:
        if shadow_of(version) is not None or _was_tried(version, PromotionKind.SHADOW):
            return None
        return request_shadow(version=version, by=None, reason=_reason())
    return _record_refusal(version, live)


def _record_refusal(version: ModelVersion, live: DeployedModel | None) -> Promotion | None:
    """Once: an attempt that the gate refuses, with its verdict, where people look for it."""
    if _was_tried(version, PromotionKind.PROMOTE):
        return None
    with transaction.atomic():
        return open_promotion(
            target=version.target, kind=PromotionKind.PROMOTE, version=version, expected=live,
            requested_by=None, reason=_reason(),
        )  # fmt: skip


def _may_go_by_itself(version: ModelVersion) -> bool:
    """A model of the plan's own newest run, which no person has put in service or taken out."""
    plan = RetrainingPlan.objects.filter(target=version.target, is_on=True, promotes=True).first()
    if plan is None or version.run is None or version.run.trigger not in UNATTENDED:
        return False
    newest = ModelVersion.objects.filter(target=version.target).order_by("-number").first()
    served = DeployedModel.objects.filter(
        target=version.target, sha256=version.sha256, duty=Duty.LIVE
    )
    return newest == version and not served.exists()


def _was_tried(version: ModelVersion, kind: str) -> bool:
    """An attempt that was overtaken says nothing of the version."""
    mine = Promotion.objects.filter(version=version, kind=kind, requested_by=None)
    failed = mine.filter(status=JobStatus.FAILED).exclude(error_code=reasons.OVERTAKEN)
    return failed.exists() or mine.exclude(status=JobStatus.FAILED).exists()


def _audit_is_open(version: ModelVersion) -> bool:
    audit = ShortcutAudit.objects.filter(version=version).first()
    return audit is None or audit.is_open


def _newest(plan: RetrainingPlan) -> ModelVersion | None:
    versions = ModelVersion.objects.filter(target=plan.target).select_related("target", "run")
    return versions.order_by("-number").first()


def _reason() -> str:
    return _("By the plan of retraining")
