"""A candidate against the model in service, on the same frozen test patients."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from inference.ml.proportion import wilson
from retraining.ml.curves import sorted_scores
from retraining.ml.report.cases import Mask, Scores, TestCases
from retraining.ml.report.delong import Difference, delong
from retraining.ml.report.figures import figures_of
from retraining.ml.report.resampling import PatientDraws, areas, tidy

DELONG: Final = "delong"
BOOTSTRAP: Final = "bootstrap"


def compare(
    cases: TestCases,
    others: npt.ArrayLike,
    *,
    positive: int,
    other_threshold: float,
    seed: int = 0,
) -> dict[str, Any]:
    """{"difference", "low", "high", "p", "test", "figures"} of AUC(candidate) - AUC(other).

    ``cases`` hold the candidate's probabilities, ``others`` (N, C) are those of the other model for
    the same radiographs; ``figures`` are that model's own, at its operating point. DeLong's test
    where each patient has one radiograph, else patients are drawn again, with both models on the
    same draws. All None without both classes. Raises ValueError for probabilities that do not fit.
    """
    other = replace(cases, probabilities=np.asarray(others, dtype=np.float64))
    if other.probabilities.shape != cases.probabilities.shape:
        raise ValueError("both models must answer with the same classes")
    draws = PatientDraws(cases.groups, seed=seed)
    truth = cases.labels == positive
    first, second = cases.probabilities[:, positive], other.probabilities[:, positive]
    found, test = _difference(truth, first, second, draws)
    return {
        "difference": tidy(found.value) if found else None,
        "low": tidy(found.low) if found else None,
        "high": tidy(found.high) if found else None,
        "p": tidy(found.p) if found else None,
        "test": test,
        "figures": figures_of(other, positive, other_threshold, draws),
    }


def _difference(
    truth: Mask, first: Scores, second: Scores, draws: PatientDraws
) -> tuple[Difference | None, str]:
    enough = truth.sum() >= 2 and (~truth).sum() >= 2
    is_one_each = draws.patients == len(truth)
    test = DELONG if is_one_each and enough else BOOTSTRAP
    if not truth.any() or truth.all():
        return None, test
    found = delong(truth, first, second) if test == DELONG else _drawn(truth, first, second, draws)
    if np.array_equal(first, second):
        return Difference(0.0, 0.0, 0.0, 1.0), test
    if found.low is None:
        found = _without_spread(found, truth, draws)
    return found, test


def _drawn(truth: Mask, first: Scores, second: Scores, draws: PatientDraws) -> Difference:
    ranked = sorted_scores(truth, first), sorted_scores(truth, second)
    one = np.ones((1, len(truth)))
    value = float(areas(ranked[0], one)[0] - areas(ranked[1], one)[0])
    drawn = draws.of(lambda weights: areas(ranked[0], weights) - areas(ranked[1], weights))[:, 0]
    kept = drawn[np.isfinite(drawn)]
    if not len(kept) or np.ptp(kept) == 0:
        return Difference(value, None, None, None)
    low, high = np.quantile(kept, (0.025, 0.975))
    # One draw is added on each side: a p of exactly 0 is nothing that draws can show.
    side = min((kept <= 0).sum(), (kept >= 0).sum()) + 1
    p = min(1.0, 2 * float(side) / (len(kept) + 1))
    return Difference(value, min(float(low), value), max(float(high), value), p)


def _without_spread(found: Difference, truth: Mask, draws: PatientDraws) -> Difference:
    """Models that differ in no draw, as two without a mistake: bounded by the number of patients.

    The interval reaches as far as that of a share which is 1 among the patients of the rarer side.
    """
    sides = (len(np.unique(draws.patient_of[side])) for side in (truth, ~truth))
    rarer = min(sides)
    reach = 1.0 - float(wilson(rarer, rarer).low or 0.0)
    return Difference(
        found.value, max(found.value - reach, -1.0), min(found.value + reach, 1.0),
        1.0 if found.value == 0 else None,
    )  # fmt: skip
