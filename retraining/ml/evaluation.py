"""How good a classifier is on labelled radiographs, with the uncertainty of each figure.

A figure that the data cannot give (a sensitivity without positives) is None, never 0.
Sources: Hanley and McNeil 1982 for the area under the curve as the chance that a positive scores
above a negative; Youden 1950 for the index.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from inference.ml.proportion import Estimate, wilson
from retraining.ml.curves import area_under_curve, sorted_scores

BOOTSTRAPS: Final = 1000


@dataclass(frozen=True)
class Evaluation:
    """Counts and figures at one operating point; a score >= ``threshold`` counts as positive."""

    n: int
    positives: int
    threshold: float
    tp: int
    fp: int
    tn: int
    fn: int
    sensitivity: Estimate
    specificity: Estimate
    accuracy: Estimate
    auc: Estimate

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: n, positives, threshold, confusion, metrics (values), intervals (95 %)."""
        named = {name: getattr(self, name) for name in FIGURES}
        return {
            "n": self.n,
            "positives": self.positives,
            "threshold": self.threshold,
            "confusion": {name: getattr(self, name) for name in ("tp", "fp", "tn", "fn")},
            "metrics": {name: estimate.value for name, estimate in named.items()},
            "intervals": {name: [e.low, e.high] for name, e in named.items()},
        }


FIGURES: Final = ("sensitivity", "specificity", "accuracy", "auc")


def evaluate(
    labels: npt.ArrayLike,
    scores: npt.ArrayLike,
    threshold: float,
    groups: Sequence[Hashable] | None = None,
    *,
    seed: int = 0,
) -> Evaluation:
    """Evaluate ``scores`` (higher = more positive) against boolean ``labels``, both (N,).

    ``groups`` are the patients, resampled whole for the interval of the AUC; None takes each
    radiograph as a patient. Raises ValueError for lengths that differ or scores not finite.
    """
    truth, score = checked(labels, scores)
    called = score >= threshold
    tp, fn = int((truth & called).sum()), int((truth & ~called).sum())
    fp, tn = int((~truth & called).sum()), int((~truth & ~called).sum())
    return Evaluation(
        n=len(truth),
        positives=tp + fn,
        threshold=float(threshold),
        tp=tp,
        fp=fp,
        tn=tn,
        fn=fn,
        sensitivity=wilson(tp, tp + fn),
        specificity=wilson(tn, tn + fp),
        accuracy=wilson(tp + tn, len(truth)),
        auc=auc_with_interval(truth, score, groups, seed=seed),
    )


def checked(
    labels: npt.ArrayLike, scores: npt.ArrayLike
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """Labels and scores as arrays; ValueError when they cannot be compared."""
    truth, score = np.asarray(labels, dtype=bool), np.asarray(scores, dtype=np.float64)
    if truth.ndim != 1 or truth.shape != score.shape:
        raise ValueError(f"{truth.shape} labels do not match {score.shape} scores")
    if not np.isfinite(score).all():
        raise ValueError("scores are not finite")
    return truth, score


def auc_with_interval(
    truth: npt.NDArray[np.bool_],
    score: npt.NDArray[np.float64],
    groups: Sequence[Hashable] | None = None,
    *,
    seed: int = 0,
) -> Estimate:
    """Area under the ROC curve with a percentile bootstrap over patients, seeded.

    Resamples that drew a single class say nothing and are left out.
    """
    ranked = sorted_scores(truth, score)
    value = area_under_curve(ranked, np.ones(len(truth)))
    if value is None:
        return Estimate(None)
    patients = _numbered(groups, len(truth))
    count = int(patients.max()) + 1
    random = np.random.default_rng(seed)
    drawn = [
        area_under_curve(ranked, random.multinomial(count, np.full(count, 1 / count))[patients])
        for _ in range(BOOTSTRAPS)
    ]
    kept = [area for area in drawn if area is not None]
    if not kept:
        return Estimate(value)
    low, high = np.quantile(kept, (0.025, 0.975))
    return Estimate(value, min(float(low), value), max(float(high), value))


def _numbered(groups: Sequence[Hashable] | None, n: int) -> npt.NDArray[np.int64]:
    if groups is None:
        return np.arange(n)
    if len(groups) != n:
        raise ValueError(f"{len(groups)} groups do not match {n} labels")
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(group, len(numbers)) for group in groups])
