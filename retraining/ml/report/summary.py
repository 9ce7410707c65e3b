"""The evaluation of one model on test patients, as the version keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from inference.ml.conformal import Conformal
from retraining.ml.report import shapes
from retraining.ml.report.breakdown import conformal_of, groups_of
from retraining.ml.report.cases import TestCases
from retraining.ml.report.figures import answers_of, figures_of, judged
from retraining.ml.report.resampling import PatientDraws

SCHEMA: Final = 1


def report_of(
    cases: TestCases,
    *,
    classes: Sequence[str],
    positive: int,
    threshold: float,
    conformal: Conformal | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """All that the result page shows of one model (docs/evaluation.md), JSON-ready.

    ``classes`` are codes in the order of the probabilities, ``positive`` the place of the positive
    one, ``threshold`` (0..1) the operating point on its probability. ``conformal`` is the rule of
    its answer sets, for the same order of classes. What needs more than these cases (learning
    curve, other institutions, comparison) is empty here and filled in by the caller. Raises
    ValueError for classes that do not fit the probabilities.
    """
    if len(classes) != cases.probabilities.shape[1] or not 0 <= positive < len(classes):
        raise ValueError(f"{len(classes)} classes for {cases.probabilities.shape[1]} probabilities")
    draws = PatientDraws(cases.groups, seed=seed)
    at = judged(cases, positive, threshold)
    answers = answers_of(cases.probabilities, positive, threshold)
    return {
        "schema": SCHEMA,
        "n": len(cases),
        "positives": int(at.truth.sum()),
        "patients": draws.patients,
        "classes": list(classes),
        "positive": classes[positive],
        "threshold": float(threshold),
        "figures": figures_of(cases, positive, threshold, draws),
        "confusion": shapes.confusion(cases.labels, answers, classes),
        "cuts": shapes.cuts(at.truth, at.score, float(threshold)),
        "roc": shapes.roc(at.truth, at.score),
        "pr": shapes.precision_recall(at.truth, at.score),
        "calibration": shapes.calibration(at.truth, at.score),
        "groups": groups_of(cases, positive, threshold, seed=seed),
        "conformal": conformal_of(cases, conformal, classes, draws) if conformal else None,
        "learning_curve": None,
        "left_out_sites": [],
        "site_prediction": None,
        "comparison": None,
    }
