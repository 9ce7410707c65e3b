"""The ROC curve: its area, and operating points chosen on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Ranked:
    """Labels in the order of their scores; ``starts`` are where a new score begins."""

    order: npt.NDArray[np.int64]
    positive: npt.NDArray[np.bool_]
    scores: npt.NDArray[np.float64]
    starts: npt.NDArray[np.int64]


def sorted_scores(truth: npt.NDArray[np.bool_], score: npt.NDArray[np.float64]) -> Ranked:
    """Rank once, so that a thousand bootstrap areas need no further sort."""
    order = np.argsort(score, kind="stable")
    ordered = score[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(order) else order
    return Ranked(order, truth[order], ordered, starts)


def area_under_curve(ranked: Ranked, weights: npt.NDArray[np.number]) -> float | None:
    """Area under the ROC curve with a weight for each radiograph, ties counted half.

    Equal to scikit-learn's ``roc_auc_score`` with sample weights; None without both classes.
    """
    if not len(ranked.order):
        return None
    weight = np.asarray(weights, dtype=np.float64)[ranked.order]
    positive = np.add.reduceat(np.where(ranked.positive, weight, 0.0), ranked.starts)
    negative = np.add.reduceat(np.where(ranked.positive, 0.0, weight), ranked.starts)
    pairs = positive.sum() * negative.sum()
    if pairs == 0:
        return None
    below = np.cumsum(negative) - negative
    return float((positive * (below + negative / 2)).sum() / pairs)


def auc(truth: npt.NDArray[np.bool_], score: npt.NDArray[np.float64]) -> float | None:
    """Area under the ROC curve of (N,) labels and scores; None without both classes."""
    return area_under_curve(sorted_scores(truth, score), np.ones(len(truth)))


@dataclass(frozen=True)
class _Cuts:
    """Each way to cut the scores: the threshold, and what is found at or above it."""

    thresholds: npt.NDArray[np.float64]
    sensitivity: npt.NDArray[np.float64]
    specificity: npt.NDArray[np.float64]


def youden_threshold(labels: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """The threshold with the largest sensitivity + specificity - 1 (Youden's index).

    Ties go to the more sensitive cut. The value lies halfway to the next lower score, so that a
    new radiograph just below the last positive is not lost. ValueError without both classes.
    """
    cuts = _cuts(labels, scores)
    index = cuts.sensitivity + cuts.specificity
    # Differences below a rounding error are ties.
    best = np.flatnonzero(index >= index.max() - 1e-12)[0]
    return float(cuts.thresholds[best])


def threshold_for_sensitivity(
    labels: npt.ArrayLike, scores: npt.ArrayLike, sensitivity: float
) -> float:
    """The highest threshold that finds at least this share of the positives.

    Raises ValueError for a share outside 0..1 or without both classes.
    """
    if not 0.0 <= sensitivity <= 1.0:
        raise ValueError(f"sensitivity {sensitivity} is not between 0 and 1")
    cuts = _cuts(labels, scores)
    enough = np.flatnonzero(cuts.sensitivity >= sensitivity - 1e-12)
    return float(cuts.thresholds[enough[-1]])


def _cuts(labels: npt.ArrayLike, scores: npt.ArrayLike) -> _Cuts:
    truth, score = np.asarray(labels, dtype=bool), np.asarray(scores, dtype=np.float64)
    if not truth.any() or truth.all():
        raise ValueError("an operating point needs positives and negatives")
    if not np.isfinite(score).all():
        raise ValueError("scores are not finite")
    ranked = sorted_scores(truth, score)
    values = ranked.scores[ranked.starts]
    halfway = values[:-1] + np.diff(values) / 2
    # Two neighbours in floating point have nothing between them: then the upper one is the cut.
    between = np.where(halfway > values[:-1], halfway, values[1:])
    below = np.r_[0, np.cumsum(np.add.reduceat(ranked.positive.astype(int), ranked.starts))]
    lost = below[:-1]
    kept_out = ranked.starts - lost
    return _Cuts(np.r_[values[0], between], 1 - lost / truth.sum(), kept_out / (~truth).sum())
