"""What the charts draw: curves, cuts, the confusion matrix, calibration.

Sources: Davis and Goadrich 2006 (precision and recall), Naeini et al. 2015 (expected calibration
error over equally wide bins).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from inference.ml.proportion import wilson
from retraining.ml.curves import sorted_scores
from retraining.ml.report.cases import Labels, Mask, Scores
from retraining.ml.report.resampling import Floats, tidy

MOST_POINTS: Final = 200
STEPS: Final = 200
BINS: Final = 10


def confusion(truth: Labels, answers: Labels, classes: Sequence[str]) -> dict[str, Any]:
    """Rows are what the test said, columns what the model answers; both in the order given."""
    width = len(classes)
    cells = np.bincount(truth * width + answers, minlength=width**2)
    return {"classes": list(classes), "rows": cells.reshape(width, width).tolist()}


def cuts(truth: Mask, score: Scores, threshold: float) -> list[dict[str, Any]]:
    """Counts at 201 thresholds from 0 to 1 for the slider; ``threshold`` is one of them."""
    places = np.arange(STEPS + 1) / STEPS
    nearest = int(np.clip(round(threshold * STEPS), 0, STEPS))
    places[nearest] = threshold
    positives, negatives = np.sort(score[truth]), np.sort(score[~truth])
    tp = len(positives) - np.searchsorted(positives, places, side="left")
    fp = len(negatives) - np.searchsorted(negatives, places, side="left")
    rows = zip(places.tolist(), tp.tolist(), fp.tolist(), strict=True)
    return [
        {"threshold": at, "tp": p, "fp": n, "tn": len(negatives) - n, "fn": len(positives) - p}
        for at, p, n in rows
    ]


def roc(truth: Mask, score: Scores) -> list[dict[str, float | None]]:
    """From (0, 0), which no threshold gives, to (1, 1); empty without both classes."""
    found = _found_at(truth, score)
    if found is None or truth.all():
        return []
    thresholds, tp, fp = found
    rates = np.column_stack([fp / (~truth).sum(), tp / truth.sum()])
    kept = _thinned(np.vstack([[0.0, 0.0], rates]))
    at = [None, *thresholds.tolist()]
    corners = np.vstack([[0.0, 0.0], rates])
    return [
        {"fpr": tidy(corners[k, 0]), "tpr": tidy(corners[k, 1]), "threshold": at[k]} for k in kept
    ]


def precision_recall(truth: Mask, score: Scores) -> list[dict[str, float | None]]:
    """In the order of growing recall; empty without positives."""
    found = _found_at(truth, score)
    if found is None:
        return []
    thresholds, tp, fp = found
    points = np.column_stack([tp / truth.sum(), tp / (tp + fp)])
    return [
        {"recall": tidy(points[k, 0]), "precision": tidy(points[k, 1]),
         "threshold": float(thresholds[k])}
        for k in _thinned(points)
    ]  # fmt: skip


def calibration(truth: Mask, score: Scores) -> dict[str, Any]:
    """What was said (mean) against what was so (share, Wilson), in tenths; empty ones left out."""
    place = np.minimum((score * BINS).astype(int), BINS - 1)
    bins = [_bin(number, truth[place == number], score[place == number]) for number in range(BINS)]
    kept = [each for each in bins if each["n"]]
    error = sum(each["n"] * abs(each["share"] - each["mean"]) for each in kept)
    return {"bins": kept, "ece": tidy(error / len(truth)) if len(truth) else None}


def _bin(number: int, truth: Mask, score: Scores) -> dict[str, Any]:
    share = wilson(int(truth.sum()), len(truth))
    return {
        "low": number / BINS,
        "high": (number + 1) / BINS,
        "n": len(truth),
        "mean": tidy(score.mean()) if len(score) else None,
        "share": tidy(share.value),
        "share_low": tidy(share.low),
        "share_high": tidy(share.high),
    }


def _found_at(truth: Mask, score: Scores) -> tuple[Scores, Floats, Floats] | None:
    """Each score as a threshold, the highest first, and what is found at or above it."""
    if not truth.any():
        return None
    ranked = sorted_scores(truth, score)
    ends = np.r_[ranked.starts[1:], len(truth)][::-1]
    starts = ranked.starts[::-1]
    below = np.r_[0, np.cumsum(ranked.positive)]
    positives = below[-1] - below[starts]
    called = len(truth) - starts
    return ranked.scores[ends - 1], positives.astype(float), (called - positives).astype(float)


def _thinned(points: Floats) -> list[int]:
    """At most 200 places of (N, 2) points: corners alone, then evenly along the curve's length."""
    step = np.diff(points, axis=0)
    turns = np.flatnonzero(np.abs(step[1:, 0] * step[:-1, 1] - step[1:, 1] * step[:-1, 0]) > 1e-12)
    corners = np.r_[0, turns + 1, len(points) - 1] if len(points) > 1 else np.zeros(1, int)
    if len(corners) <= MOST_POINTS:
        return [int(place) for place in np.unique(corners)]
    length = np.r_[0, np.cumsum(np.abs(np.diff(points[corners], axis=0)).sum(axis=1))]
    wanted = np.linspace(0, length[-1], MOST_POINTS)
    return [int(place) for place in np.unique(corners[np.searchsorted(length, wanted - 1e-12)])]
