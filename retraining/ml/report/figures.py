"""The headline figures with 95 % intervals over patients.

Sources: Hanley and McNeil 1982 (area under the ROC curve), Brier 1950 (two classes: mean square of
positive probability minus truth), van Rijsbergen 1979 (F1). All but the Brier score and the
accuracy over classes are of the positive class against all others, at the operating point.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from retraining.ml.curves import area_under_curve, sorted_scores
from retraining.ml.report.cases import Labels, Mask, Scores, TestCases
from retraining.ml.report.resampling import (
    Floats,
    PatientDraws,
    areas,
    estimate,
    ratio,
    told,
)

NAMES: Final = ("accuracy", "sensitivity", "specificity", "ppv", "npv", "f1", "brier")


@dataclass(frozen=True)
class Judged:
    """N radiographs at one operating point: is it positive, its score, is it called positive."""

    truth: Mask
    score: Scores
    called: Mask

    @property
    def cells(self) -> Floats:
        """(N, 4) indicators: true and false positive, true and false negative."""
        truth, called = self.truth, self.called
        return np.stack(
            [truth & called, ~truth & called, ~truth & ~called, truth & ~called], axis=1
        ).astype(np.float64)


def judged(cases: TestCases, positive: int, threshold: float) -> Judged:
    score = cases.probabilities[:, positive]
    return Judged(cases.labels == positive, score, score >= threshold)


def answers_of(probabilities: Scores, positive: int, threshold: float) -> Labels:
    """(N,) the class that serving names: the positive one from ``threshold`` on, else the
    likeliest of the others."""
    others = probabilities.copy()
    others[:, positive] = -1.0
    return np.where(probabilities[:, positive] >= threshold, positive, others.argmax(axis=1))


def figures_of(
    cases: TestCases, positive: int, threshold: float, draws: PatientDraws
) -> dict[str, Any]:
    """{name: {"value", "low", "high"}} of ``NAMES`` and auc; accuracy_classes for > 2 classes."""
    at = judged(cases, positive, threshold)
    found = _of_counts(at, draws) | {"auc": auc_of(at, draws)}
    if cases.probabilities.shape[1] > 2:
        right = (cases.probabilities.argmax(axis=1) == cases.labels).astype(np.float64)
        found["accuracy_classes"] = share_of(right, draws)
    return found


def auc_of(at: Judged, draws: PatientDraws) -> dict[str, float | None]:
    """Its open end where it is 1: Wilson's for the patients of the rarer side."""
    ranked = sorted_scores(at.truth, at.score)
    value = area_under_curve(ranked, np.ones(len(at.truth)))
    if value is None:
        return told(estimate(None, np.empty(0)))
    rarer = min(patients_among(at.truth, draws), patients_among(~at.truth, draws))
    return told(estimate(value, draws.of(lambda w: areas(ranked, w))[:, 0], rarer))


def share_of(flags: Floats, draws: PatientDraws) -> dict[str, float | None]:
    """The share of radiographs with a flag (N,) of 0 and 1."""
    if not len(flags):
        return told(estimate(None, np.empty(0)))
    drawn = draws.of(lambda w: ratio(w @ flags, w.sum(axis=1)))[:, 0]
    return told(estimate(flags.mean(), drawn, draws.patients))


def patients_among(chosen: Mask, draws: PatientDraws) -> int:
    return len(np.unique(draws.patient_of[chosen]))


def _of_counts(at: Judged, draws: PatientDraws) -> dict[str, Any]:
    parts = np.column_stack([at.cells, (at.score - at.truth) ** 2])
    values = _shares(parts.sum(axis=0)[None])[0]
    drawn = draws.of(lambda weights: _shares(weights @ parts), width=len(NAMES))
    among = _patients_behind(at, draws)
    return {
        name: told(estimate(values[place], drawn[:, place], among.get(name)))
        for place, name in enumerate(NAMES)
    }


def _shares(sums: npt.NDArray[np.float64]) -> Floats:
    """(b, 5) counts of the four cells and the sum of squares to (b, 7) figures."""
    tp, fp, tn, fn, squares = sums.T
    n = tp + fp + tn + fn
    found = (
        ratio(tp + tn, n), ratio(tp, tp + fn), ratio(tn, tn + fp), ratio(tp, tp + fp),
        ratio(tn, tn + fn), ratio(2 * tp, 2 * tp + fp + fn), ratio(squares, n),
    )  # fmt: skip
    return np.stack(found, axis=1)


def _patients_behind(at: Judged, draws: PatientDraws) -> dict[str, int]:
    """How many patients each share is about."""
    about = {
        "accuracy": np.ones(len(at.truth), bool),
        "sensitivity": at.truth,
        "specificity": ~at.truth,
        "ppv": at.called,
        "npv": ~at.called,
        "f1": at.truth | at.called,
    }
    return {name: patients_among(chosen, draws) for name, chosen in about.items()}
