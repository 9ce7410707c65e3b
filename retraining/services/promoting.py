"""Asking for a model to serve, to score in the shadow, to be compared, or to go: one at a time.

    request --> queued --> running --> done: it serves (or scores)
                              '------> failed: overtaken, gate-closed, artifact-refused, storage ...

A target has one open attempt at most, and each names the model that its person saw in service: of
people who ask at the same moment one wins, and the others are told. A worker does it
(`retraining.services.promotion_work`), for it loads the weights.
"""

from typing import Any

from django.db import IntegrityError, transaction

from accounts.audit import Deed, note
from accounts.models import User
from core.jobs import OPEN_STATUSES
from images.models import Target
from inference import services as inference_services
from inference.models import DeployedModel
from retraining.models import ModelVersion, Promotion, PromotionKind
from retraining.promotion.gate import RuleResult, is_compared_with, judge, unmet
from retraining.promotion.served import before
from retraining.rights import refuse_stranger
from retraining.snapshots.planning import rules_of


class PromotionRefused(Exception):
    """Nothing was asked for; the model in service is untouched."""


class PromotionOpen(PromotionRefused):
    """Somebody's attempt is under way: `promotion`."""

    def __init__(self, promotion: Promotion) -> None:
        self.promotion = promotion
        super().__init__(str(promotion.pk))


class Overtaken(PromotionRefused):
    """Another model serves than the one that the person saw: `live`."""

    def __init__(self, live: DeployedModel | None) -> None:
        self.live = live
        super().__init__(str(live))


class GateClosed(PromotionRefused):
    """`results`: every rule, some of them not met."""

    def __init__(self, results: list[RuleResult]) -> None:
        self.results = results
        super().__init__(", ".join(result.rule for result in unmet(results)))


class AlreadyServes(PromotionRefused):
    """It serves, or scores in the shadow, already."""


class NothingBefore(PromotionRefused):
    """No other model served before this one."""


class NothingToCompare(PromotionRefused):
    """It is compared with the model in service already."""


def request_promotion(
    *, version: ModelVersion, by: User | None, reason: str, expected: DeployedModel | None,
    repredicts: bool = False,
) -> Promotion:  # fmt: skip
    """Let a worker put `version` in service. `by` is None for the platform itself.

    `expected` is the model that served when the person decided. Raises PermissionDenied,
    PromotionOpen, Overtaken, AlreadyServes, GateClosed.
    """
    refuse_stranger(by)
    with transaction.atomic():
        live = live_if_expected(version.target, expected)
        if live is not None and live.sha256 == version.sha256:
            raise AlreadyServes
        results = judge(version, rules_of(version.target), live)
        if unmet(results):
            raise GateClosed(results)
        return open_promotion(
            target=version.target, kind=PromotionKind.PROMOTE, version=version, expected=live,
            requested_by=by, reason=reason, repredicts=repredicts,
        )  # fmt: skip


def request_rollback(
    *, target: Target, by: User | None, reason: str, expected: DeployedModel | None,
    repredicts: bool = False,
) -> Promotion:  # fmt: skip
    """Let a worker put the model in service again that served before. No rule is asked.

    Raises PermissionDenied, PromotionOpen, Overtaken, NothingBefore.
    """
    refuse_stranger(by)
    with transaction.atomic():
        live = live_if_expected(target, expected)
        earlier = before(target)
        if earlier is None:
            raise NothingBefore
        version = ModelVersion.objects.filter(target=target, sha256=earlier.sha256).first()
        return open_promotion(
            target=target, kind=PromotionKind.ROLLBACK, version=version, back_to=earlier,
            expected=live, requested_by=by, reason=reason, repredicts=repredicts,
        )  # fmt: skip


def request_shadow(*, version: ModelVersion, by: User | None, reason: str) -> Promotion:
    """Let a worker put `version` in the shadow of the model in service.

    Raises PermissionDenied, PromotionOpen, AlreadyServes (also where it scores already).
    """
    refuse_stranger(by)
    with transaction.atomic():
        live = live_if_expected(version.target, DeployedModel.objects.live(version.target))
        serves = live is not None and live.sha256 == version.sha256
        if serves or shadow_of(version) is not None:
            raise AlreadyServes
        return open_promotion(
            target=version.target, kind=PromotionKind.SHADOW, version=version, expected=live,
            requested_by=by, reason=reason,
        )  # fmt: skip


@transaction.atomic
def stop_shadow(*, version: ModelVersion, by: User) -> bool:
    """Let `version` score no more; what it said is kept. False when it did not score.

    Raises PermissionDenied.
    """
    refuse_stranger(by)
    shadow = shadow_of(version)
    if shadow is None or not inference_services.stop_shadow(model=shadow):
        return False
    note(
        actor=by, deed=Deed.REMOVED, subject="shadow", subject_id=shadow.pk,
        before={"version": version.version, "target": version.target.code},
    )  # fmt: skip
    return True


def request_comparison(*, version: ModelVersion, by: User | None, reason: str = "") -> Promotion:
    """Let a worker evaluate `version` on test patients beside the model that serves now.

    Raises PermissionDenied, PromotionOpen, NothingToCompare.
    """
    refuse_stranger(by)
    with transaction.atomic():
        live = live_if_expected(version.target, DeployedModel.objects.live(version.target))
        if is_compared_with(version, live):
            raise NothingToCompare
        return open_promotion(
            target=version.target, kind=PromotionKind.COMPARE, version=version, expected=live,
            requested_by=by, reason=reason,
        )  # fmt: skip


def shadow_of(version: ModelVersion) -> DeployedModel | None:
    """The activation by which `version` scores in the shadow now."""
    shadows = DeployedModel.objects.shadows()
    return shadows.filter(target=version.target_id, sha256=version.sha256).first()


def live_if_expected(target: Target, expected: DeployedModel | None) -> DeployedModel | None:
    """The model in service, which nobody exchanges before the caller's transaction ends.

    Raises Overtaken where it is not `expected`.
    """
    # Of this key alone: rows that name the target are written meanwhile (PostgreSQL's NO KEY).
    Target.objects.select_for_update(no_key=True).get(pk=target.pk)
    live = DeployedModel.objects.live(target)
    if live != expected:
        raise Overtaken(live)
    return live


def open_promotion(**facts: Any) -> Promotion:
    """One open attempt for each target: the database has the last word. Raises PromotionOpen."""
    from retraining.services.promotion_work import ring_for_promotions

    promotion = Promotion(**facts)
    try:
        with transaction.atomic():
            promotion.save(force_insert=True)
    except IntegrityError:
        opened = Promotion.objects.filter(target=promotion.target, status__in=OPEN_STATUSES).first()
        if opened is None:
            raise
        raise PromotionOpen(opened) from None
    _note(promotion)
    transaction.on_commit(ring_for_promotions)
    return promotion


def _note(promotion: Promotion) -> None:
    named = promotion.version or promotion.back_to
    after: dict[str, Any] = {
        "kind": str(promotion.kind),
        "target": promotion.target.code,
        "version": named.version if named else "",
        "reason": promotion.reason,
    }
    if promotion.repredicts:
        after["repredicts"] = True
    note(
        actor=promotion.requested_by, deed=Deed.ENTERED, subject="promotion",
        subject_id=promotion.pk, after=after,
    )  # fmt: skip
