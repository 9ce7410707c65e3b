"""Whether a model answers from the lungs, or from what tells collections of films apart.

Three looks at the same test films: as they are, with the lungs hidden, with the borders hidden. And
two at the data: how much label and institution go together, and how well the institution can be
read from the features of films of one and the same class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from inference.ml.proportion import Estimate
from retraining.ml.curves import sorted_scores
from retraining.ml.hiding import BORDERS, HIDING_VERSION, LUNGS
from retraining.ml.report.cases import Mask, Scores
from retraining.ml.report.resampling import PatientDraws, areas, estimate, tidy, told

SCHEMA: Final = 1
PLAIN: Final = "plain"
LEAST_PATIENTS: Final = 5
# A fall of the AUC by more than this, beyond chance, is worth a warning.
NOTABLE_FALL: Final = 0.05

TOO_FEW: Final = "too-few"
WITHOUT_LUNGS: Final = "answers-without-lungs"
BY_SITE: Final = "site-tells-label"
NEEDS_BORDERS: Final = "needs-borders"
NEAR_LIMIT: Final = "near-limit"
ONE_SITE: Final = "one-site"


@dataclass(frozen=True)
class Limits:
    """Both in 0..1, as an administrator set them (retraining.models.PromotionRules)."""

    max_hidden_auc: float
    max_association: float


@dataclass(frozen=True)
class SiteFacts:
    """``association``: Cramér's V of label and institution; ``auc``: of the institution, read from
    features of films of one class (mean over classes). None where there is one institution."""

    association: float | None = None
    auc: float | None = None

    @property
    def route(self) -> float | None:
        """Association times what of the institution can be read (2 AUC - 1), 0..1."""
        if self.association is None or self.auc is None:
            return None
        return self.association * max(0.0, 2 * self.auc - 1)


def site_facts(association: float | None, prediction: Mapping[str, Any] | None) -> SiteFacts:
    """From a snapshot's ``association["site"]`` and an evaluation's ``site_prediction``."""
    within = (prediction or {}).get("within", [])
    known = [(row["n"], row["auc"]["value"]) for row in within if row["auc"]["value"] is not None]
    total = sum(n for n, _value in known)
    return SiteFacts(association, sum(n * value for n, value in known) / total if total else None)


def audit_of(
    truth: Mask,
    groups: Sequence[str],
    scores: Mapping[str, Scores],
    *,
    sites: SiteFacts,
    limits: Limits,
    seed: int = 0,
) -> dict[str, Any]:
    """The result of docs/shortcut-audit.md, JSON-ready; ``reasons`` say why it was not passed.

    ``truth`` (N,) is True for the positive class, ``groups`` (N,) name the patients, ``scores``
    hold (N,) probabilities of the positive class under "plain", "lungs" and "borders". Raises
    ValueError for lengths that differ, KeyError for a look that is missing.
    """
    if any(len(scores[name]) != len(truth) for name in (PLAIN, LUNGS, BORDERS)):
        raise ValueError(f"{len(truth)} films and scores of another number")
    draws = PatientDraws(groups, seed=seed)
    found = {name: _area(truth, scores[name], draws) for name in (PLAIN, LUNGS, BORDERS)}
    fall = _fall(truth, scores[PLAIN], scores[BORDERS], draws)
    return {
        "schema": SCHEMA,
        "hiding": HIDING_VERSION,
        "films": len(truth),
        "patients": draws.patients,
        "positives": int(truth.sum()),
        "auc": {name: told(each) for name, each in found.items()},
        "borders_fall": told(fall),
        "association": tidy(sites.association),
        "site_auc": tidy(sites.auc),
        "site_route": tidy(sites.route),
        "limits": asdict(limits),
        "reasons": _reasons(truth, draws, found[LUNGS], sites, limits),
        "warnings": _warnings(found[LUNGS], fall, sites, limits),
    }


def has_passed(result: Mapping[str, Any]) -> bool:
    return not result["reasons"]


def _area(truth: Mask, score: Scores, draws: PatientDraws) -> Estimate:
    ranked = sorted_scores(truth, score)
    value = areas(ranked, np.ones((1, len(truth))))[0]
    drawn = draws.of(lambda weights: areas(ranked, weights))[:, 0]
    # An area of 1 is no certainty: its open end is that of the patients of the rarer side.
    return estimate(float(value), drawn, min(_patients_by_side(truth, draws)))


def _patients_by_side(truth: Mask, draws: PatientDraws) -> list[int]:
    return [len(np.unique(draws.patient_of[side])) for side in (truth, ~truth)]


def _fall(truth: Mask, first: Scores, second: Scores, draws: PatientDraws) -> Estimate:
    """How much lower the second area is, of the same films in the same draws."""
    one, other = sorted_scores(truth, first), sorted_scores(truth, second)
    every = np.ones((1, len(truth)))
    value = areas(one, every)[0] - areas(other, every)[0]
    drawn = draws.of(lambda weights: areas(one, weights) - areas(other, weights))[:, 0]
    return estimate(float(value), drawn)


def _reasons(
    truth: Mask, draws: PatientDraws, lungs: Estimate, sites: SiteFacts, limits: Limits
) -> list[str]:
    reasons = []
    if min(_patients_by_side(truth, draws)) < LEAST_PATIENTS:
        reasons.append(TOO_FEW)
    if lungs.value is not None and lungs.value > limits.max_hidden_auc:
        reasons.append(WITHOUT_LUNGS)
    if sites.route is not None and sites.route > limits.max_association:
        reasons.append(BY_SITE)
    return reasons


def _warnings(lungs: Estimate, fall: Estimate, sites: SiteFacts, limits: Limits) -> list[str]:
    warnings = []
    is_below = lungs.value is not None and lungs.value <= limits.max_hidden_auc
    if is_below and lungs.high is not None and lungs.high > limits.max_hidden_auc:
        warnings.append(NEAR_LIMIT)
    if fall.value is not None and fall.value > NOTABLE_FALL and (fall.low or 0.0) > 0.0:
        warnings.append(NEEDS_BORDERS)
    if sites.association is None or sites.auc is None:
        warnings.append(ONE_SITE)
    return warnings
