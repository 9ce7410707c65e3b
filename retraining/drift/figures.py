"""The figures of one institution in a look for drift, and which of them ask for an eye."""

import math
from typing import Any

from retraining import reasons
from retraining.drift.data import Reference, Sample
from retraining.drift.limits import CHANCE, FEWEST, PREVALENCE, SCORE_SHIFT
from retraining.ml.drift import feature_drift, prevalence, score_drift


def figures_of(newest: Sample, reference: Reference) -> dict[str, Any]:
    """Fields of a `DriftReport` by name; see docs/drift.md for `facts`."""
    facts: dict[str, Any] = {
        "reference": reference.kind,
        "reference_cases": len(reference.sample.scores),
        "feature_cases": len(newest.pooled),
        "trained_prevalence": _rounded(reference.prior),
    }
    found: dict[str, Any] = {"cases": len(newest.scores), "alerts": [], "facts": facts}
    if len(newest.scores) >= FEWEST:
        _add_scores(found, newest, reference)
        _add_prevalence(found, newest, reference)
    if min(len(newest.pooled), len(reference.sample.pooled)) >= FEWEST:
        _add_features(found, newest, reference)
    return found


def _add_scores(found: dict[str, Any], newest: Sample, reference: Reference) -> None:
    if len(reference.sample.scores) < FEWEST:
        return
    drift = score_drift(reference.sample.scores, newest.scores)
    limit = max(SCORE_SHIFT, drift.limit)
    found["score_shift"] = _rounded(drift.stability)
    found["facts"] |= {
        "score_limit": _rounded(limit),
        "score_distance": _rounded(drift.distance),
        "score_p": drift.p,
    }
    if drift.stability > limit and drift.p < CHANCE:
        found["alerts"].append(reasons.SCORES_MOVED)


def _add_features(found: dict[str, Any], newest: Sample, reference: Reference) -> None:
    if newest.pooled.shape[1] != reference.sample.pooled.shape[1]:
        return
    drift = feature_drift(
        reference.sample.pooled, newest.pooled,
        reference_groups=reference.sample.pooled_groups, new_groups=newest.pooled_groups,
    )  # fmt: skip
    found["feature_distance"] = _rounded(drift.distance)
    found["feature_limit"] = _rounded(drift.limit)
    found["facts"]["feature_p"] = drift.p
    if drift.distance > drift.limit:
        found["alerts"].append(reasons.FEATURES_MOVED)


def _add_prevalence(found: dict[str, Any], newest: Sample, reference: Reference) -> None:
    if reference.prior is None:
        return
    share = prevalence(newest.scores, reference.prior, newest.groups)
    found["prevalence"] = _rounded(share.value)
    low, high = share.low, share.high
    found["facts"] |= {"prevalence_low": _rounded(low), "prevalence_high": _rounded(high)}
    if share.value is None or low is None or high is None:
        return
    is_apart = not low <= reference.prior <= high
    if is_apart and abs(share.value - reference.prior) > PREVALENCE:
        found["alerts"].append(reasons.PREVALENCE_MOVED)


def _rounded(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(float(value), 6)
