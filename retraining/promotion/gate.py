"""The gate: whether a version may serve, by the rules that an administrator set for its target.

It reads what is on record (evaluation, comparison, audit, shadow scores) and computes nothing anew,
so that a page may ask. What is missing is never taken as met. Nobody can open it by hand; a
rollback does not pass it, for its model served before.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from core.jobs import JobStatus
from inference.models import DeployedModel, ShadowScore
from retraining.models import ModelVersion, PromotionRules, ShortcutAudit

EVALUATED: Final = "evaluated"
NOT_WORSE: Final = "not-worse"
SENSITIVITY: Final = "sensitivity"
SPECIFICITY: Final = "specificity"
AUDIT: Final = "audit"
SHADOW: Final = "shadow"

# What `found` says where there is no number.
MISSING: Final = "missing"
OTHER_MODEL: Final = "other-model"
FIRST: Final = "first"  # nothing serves that it could be compared with
PASSED: Final = "passed"
FAILED: Final = "failed"
WAITING: Final = "waiting"
STOPPED: Final = "stopped"

# Reasons of an audit that depend on an administrator's limits (retraining.ml.shortcut).
BY_LIMITS: Final = frozenset({"answers-without-lungs", "site-tells-label"})
# Differences of two areas carry the noise of binary fractions.
_SLACK: Final = 1e-9


@dataclass(frozen=True)
class RuleResult:
    """One rule. `wanted` and `found` are numbers, or words of this module; `why` is in words by
    `retraining.promotion.gate_words.sentence_of`."""

    rule: str
    wanted: float | str | None
    found: float | str | None
    is_met: bool

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_dict(kept: Mapping[str, Any]) -> "RuleResult":
        names = ("rule", "wanted", "found", "is_met")
        return RuleResult(**{name: kept.get(name) for name in names})  # type: ignore[arg-type]

    @property
    def sentence(self) -> str:
        from retraining.promotion.gate_words import sentence_of

        return sentence_of(self)


def judge(
    version: ModelVersion, rules: PromotionRules, live: DeployedModel | None
) -> list[RuleResult]:
    """Every rule that holds for `version`, met or not. `live`: the model that serves its target."""
    results = [
        _evaluated(version),
        _not_worse(version, rules, live),
        _at_least(version, SENSITIVITY, rules.min_sensitivity),
        _at_least(version, SPECIFICITY, rules.min_specificity),
    ]
    if rules.needs_audit:
        results.append(_audited(version, rules))
    if rules.shadow_first:
        results.append(_tried(version, rules, live))
    return results


def unmet(results: Iterable[RuleResult]) -> list[RuleResult]:
    return [result for result in results if not result.is_met]


def is_compared_with(version: ModelVersion, live: DeployedModel | None) -> bool:
    """Whether `version` has its figures here, and beside those of the model that serves now."""
    if not _evaluated(version).is_met:
        return False
    comparison = version.evaluation.get("comparison") or {}
    return live is None or comparison.get("sha256") == live.sha256


def shadow_scores(version: ModelVersion) -> int:
    """How many radiographs it has scored in the shadow so far."""
    mine = ShadowScore.objects.filter(model__target=version.target_id, model__sha256=version.sha256)
    return mine.values("prediction").distinct().count()


def _evaluated(version: ModelVersion) -> RuleResult:
    """On test patients of this installation: figures that came with a model are no evidence."""
    cases = version.evaluation.get("n")
    is_ours = version.snapshot_id is not None and isinstance(cases, int) and cases > 0
    return RuleResult(EVALUATED, None, cases if is_ours else MISSING, is_ours)


def _not_worse(
    version: ModelVersion, rules: PromotionRules, live: DeployedModel | None
) -> RuleResult:
    wanted = -rules.max_auc_drop
    if live is None:
        return RuleResult(NOT_WORSE, wanted, FIRST, is_met=True)
    comparison = version.evaluation.get("comparison")
    if not isinstance(comparison, Mapping):
        return RuleResult(NOT_WORSE, wanted, MISSING, is_met=False)
    if comparison.get("sha256") != live.sha256:
        return RuleResult(NOT_WORSE, wanted, OTHER_MODEL, is_met=False)
    found = _number(comparison.get("low" if rules.by_interval else "difference"))
    if found is None:
        return RuleResult(NOT_WORSE, wanted, MISSING, is_met=False)
    return RuleResult(NOT_WORSE, wanted, found, is_met=found >= wanted - _SLACK)


def _at_least(version: ModelVersion, name: str, wanted: float) -> RuleResult:
    figure = (version.evaluation.get("figures") or {}).get(name)
    found = _number(figure.get("value")) if isinstance(figure, Mapping) else None
    if found is None:
        return RuleResult(name, wanted, MISSING, is_met=False)
    return RuleResult(name, wanted, found, is_met=found >= wanted - _SLACK)


def _audited(version: ModelVersion, rules: PromotionRules) -> RuleResult:
    audit = ShortcutAudit.objects.filter(version=version).first()
    found = _verdict_of(audit, rules)
    return RuleResult(AUDIT, None, found, is_met=found == PASSED)


def _verdict_of(audit: ShortcutAudit | None, rules: PromotionRules) -> str:
    if audit is None:
        return MISSING
    if audit.is_open:
        return WAITING
    if audit.status != JobStatus.DONE or audit.has_passed is None:
        return STOPPED
    return PASSED if _passes(audit, rules) else FAILED


def _passes(audit: ShortcutAudit, rules: PromotionRules) -> bool:
    """By the limits that hold today: those of the day of the audit may have been others."""
    hidden = _number(((audit.result.get("auc") or {}).get("lungs") or {}).get("value"))
    if hidden is None:
        return bool(audit.has_passed)
    if set(audit.result.get("reasons", [])) - BY_LIMITS:
        return False
    route = _number(audit.result.get("site_route"))
    is_apart = route is None or route <= rules.max_association
    return hidden <= rules.max_hidden_auc and is_apart


def _tried(version: ModelVersion, rules: PromotionRules, live: DeployedModel | None) -> RuleResult:
    if live is None:
        return RuleResult(SHADOW, rules.shadow_cases, FIRST, is_met=True)
    found = shadow_scores(version)
    return RuleResult(SHADOW, rules.shadow_cases, found, is_met=found >= rules.shadow_cases)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) else None
