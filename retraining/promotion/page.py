"""What the pieces about serving show: the rules of a version, and the models of a target."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from core.jobs import OPEN_STATUSES
from images.models import Target
from inference.agreement import agreement
from inference.models import DeployedModel
from retraining.forms.promoting import PromoteForm, RollbackForm, ShadowForm
from retraining.models import ModelVersion, Promotion
from retraining.promotion import gate, gate_words
from retraining.promotion import words as promotion_words
from retraining.promotion.served import before
from retraining.services.promoting import shadow_of
from retraining.snapshots.planning import rules_of

if TYPE_CHECKING:
    from accounts.models import User

LAST: Final = 5


@dataclass(frozen=True)
class RuleLine:
    name: str
    sentence: str
    is_met: bool


@dataclass(frozen=True)
class PromotionLine:
    """`verdict`: the rules as the gate saw them then."""

    promotion: Promotion
    kind: str
    sentence: str
    verdict: list[RuleLine]


def rule_lines(results: Iterable[gate.RuleResult]) -> list[RuleLine]:
    return [
        RuleLine(gate_words.name_of(result.rule), result.sentence, result.is_met)
        for result in results
    ]


def line_of(promotion: Promotion) -> PromotionLine:
    verdict = [gate.RuleResult.from_dict(kept) for kept in promotion.verdict]
    return PromotionLine(
        promotion,
        promotion_words.kind_of(promotion),
        promotion_words.sentence_of(promotion),
        rule_lines(verdict),
    )


def about_version(version: ModelVersion, user: "User") -> dict[str, Any]:
    """For the piece beside a version's evaluation."""
    target = version.target
    live = DeployedModel.objects.live(target)
    results = gate.judge(version, rules_of(target), live)
    opened, shadow = _open(target, user), shadow_of(version)
    is_live = live is not None and live.sha256 == version.sha256
    expected = {"expected": live.pk if live else None}
    return {
        "version": version,
        "target": target,
        "live": live,
        "is_live": is_live,
        "rules": rule_lines(results),
        "is_open": opened is not None,
        "opened": line_of(opened) if opened else None,
        "is_ours": opened is not None and opened.version_id == version.pk,
        "last": _last(version, user),
        "may_promote": not gate.unmet(results) and not is_live,
        "wants_comparison": not is_live and not gate.is_compared_with(version, live),
        "shadow": agreement(shadow) if shadow else None,
        "may_shadow": live is not None and not is_live and shadow is None,
        "promote_form": PromoteForm(target=target, initial=expected, auto_id="promote-%s"),
        "shadow_form": ShadowForm(auto_id="shadow-%s"),
    }


def about_target(target: Target, user: "User") -> dict[str, Any]:
    """For the piece about which model serves, and the way back."""
    live, opened = DeployedModel.objects.live(target), _open(target, user)
    rows = Promotion.objects.visible_to(user).filter(target=target)
    ended = rows.exclude(status__in=OPEN_STATUSES).select_related("version", "requested_by")
    expected = {"expected": live.pk if live else None}
    return {
        "target": target,
        "live": live,
        "before": before(target),
        "is_open": opened is not None,
        "opened": line_of(opened) if opened else None,
        "attempts": [line_of(row) for row in ended.order_by("-created_at", "-pk")[:LAST]],
        "form": RollbackForm(target=target, initial=expected, auto_id="rollback-%s"),
    }


def _open(target: Target, user: "User") -> Promotion | None:
    rows = Promotion.objects.visible_to(user).filter(target=target, status__in=OPEN_STATUSES)
    found: Promotion | None = rows.select_related("version", "requested_by").first()
    return found


def _last(version: ModelVersion, user: "User") -> PromotionLine | None:
    rows = Promotion.objects.visible_to(user).filter(version=version)
    ended = rows.exclude(status__in=OPEN_STATUSES).select_related("requested_by")
    newest = ended.order_by("-created_at", "-pk").first()
    return line_of(newest) if newest else None
