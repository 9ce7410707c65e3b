"""How well the fast lane does on the 905 development radiographs, split by patient.

COVID-19 or not: model C with the default recipe, trained on the training patients and judged once
on the test patients, as a run does, and out of fold over all patients beside it. Three classes:
5-fold over patients, each head trained on four fifths. The recipe's values were compared on train
and validation patients, but the search went on after these figures had been seen once, so that they
are somewhat optimistic (`retraining.ml.architectures`).

Label and source are confounded in these films (see the data's own README): the figures show that
the heads learn, not what they would be worth in another hospital.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from benchmarks import films
from benchmarks.label_impact import _made_up, _real
from images.metadata import read_rows
from inference.ml.heads import HEADS, head_logits
from inference.ml.proportion import Estimate
from retraining.ml.architectures import spec_of
from retraining.ml.baseline import SALT, Cohort
from retraining.ml.calibration import fit_temperature
from retraining.ml.curves import sorted_scores
from retraining.ml.evaluation import BOOTSTRAPS, auc_with_interval, evaluate
from retraining.ml.feature_matrix import all_rows
from retraining.ml.fitting import fit_head
from retraining.ml.logarithms import logarithms_of, scale_of
from retraining.ml.operating import positive_probability
from retraining.ml.out_of_fold import dealt, reduce
from retraining.ml.split import TEST, TRAIN, VALIDATION, split_of
from retraining.ml.trainer import train_head
from retraining.ml.training_spec import TrainingSpec

CLASSES: Final = ("normal", "pneumonia", "covid")
FOLDS: Final = 5
DEALS: Final = 3
SPECIFICITY: Final = 0.965
HEADS_SHOWN: Final = ("covid-xr-c", "logistic", "logistic-log")

Labels = npt.NDArray[np.int64]
Logits = npt.NDArray[np.float64]


def measure(*, quick: bool = False) -> dict[str, Any]:
    cohort = _made_up() if quick else _real()
    if cohort is None:
        return {"skipped": "the development radiographs are not beside the checkout"}
    three = _three_of(cohort) if quick else _labels(cohort)
    two = cohort.positive.astype(np.int64)
    deals = 1 if quick else DEALS
    small = {"epochs": 3} if quick else {}
    return {
        "films": "made-up" if quick else "real",
        "cases": len(two),
        "patients": len(set(cohort.patients)),
        "binary": {
            name: _binary(cohort, two, _spec(name, 2, **small), deals) for name in HEADS_SHOWN
        },
        "three_classes": {
            name: _three(cohort, three, _spec(name, 3, **small), deals) for name in HEADS_SHOWN
        },
    }


def _spec(architecture: str, classes: int, **changes: Any) -> TrainingSpec:
    return spec_of(architecture, changes, classes=classes, positive=classes - 1)


def _binary(cohort: Cohort, truth: Labels, spec: TrainingSpec, deals: int) -> dict[str, Any]:
    splits = [split_of(patient, SALT) for patient in cohort.patients]
    trained = train_head(cohort.features, truth, splits, spec, groups=cohort.patients)
    tested = np.array(splits) == TEST
    logits = head_logits(trained.head, cohort.features[tested])
    scores = positive_probability(logits, trained.temperature, spec.positive)
    patients = [cohort.patients[row] for row in np.flatnonzero(tested)]
    judged = _out_of_fold(cohort, truth, spec, deals)
    everywhere = [_judged(judged[deal], truth, cohort.patients, spec) for deal in range(deals)]
    return {
        "test": evaluate(truth[tested] == 1, scores, trained.threshold, patients).to_dict(),
        "calibrated_on": trained.calibrated_on,
        "out_of_fold": everywhere[0],
        "auc": round(float(np.mean([each["auc"]["value"] for each in everywhere])), 4),
        "sensitivity": round(float(np.mean([each["sensitivity"] for each in everywhere])), 4),
    }


def _judged(
    logits: Logits, truth: Labels, patients: tuple[str, ...], spec: TrainingSpec
) -> dict[str, Any]:
    """AUC with its interval, and the sensitivity where specificity is at least 96.5 %."""
    scores = positive_probability(logits, fit_temperature(logits, truth), spec.positive)
    positive = truth == spec.positive
    return {
        "auc": vars(auc_with_interval(positive, scores, patients)),
        "sensitivity": _sensitivity_at(positive, scores, SPECIFICITY),
        "at_specificity": SPECIFICITY,
    }


def _sensitivity_at(
    positive: npt.NDArray[np.bool_], scores: npt.NDArray[np.float64], specificity: float
) -> float:
    """The largest share of positives found by a cut that keeps this specificity."""
    ranked = sorted_scores(positive, scores)
    cuts = ranked.scores[ranked.starts]
    kept = [
        (scores[positive] >= c).mean()
        for c in cuts
        if (scores[~positive] < c).mean() >= specificity
    ]
    return float(max(kept, default=0.0))


def _three(cohort: Cohort, truth: Labels, spec: TrainingSpec, deals: int) -> dict[str, Any]:
    judged = _out_of_fold(cohort, truth, spec, deals)
    right = judged.argmax(axis=2) == truth
    estimate = _share(right[0], cohort.patients)
    areas = [
        auc_with_interval(truth == spec.positive, softmax(each, axis=1)[:, spec.positive]).value
        for each in judged
    ]
    return {
        "accuracy": round(float(right.mean()), 4),
        "accuracy_by_deal": [round(float(each.mean()), 4) for each in right],
        "first_deal": vars(estimate),
        "covid_auc": round(float(np.mean([area for area in areas if area is not None])), 4),
    }


def _share(right: npt.NDArray[np.bool_], patients: tuple[str, ...]) -> Estimate:
    """With a percentile bootstrap over patients."""
    _, of_case = np.unique(np.asarray(patients), return_inverse=True)
    hits, cases = np.bincount(of_case, weights=right), np.bincount(of_case)
    drawn = np.random.default_rng(0).integers(0, len(cases), (BOOTSTRAPS, len(cases)))
    low, high = np.quantile(hits[drawn].sum(axis=1) / cases[drawn].sum(axis=1), (0.025, 0.975))
    return Estimate(float(right.mean()), float(low), float(high))


def _out_of_fold(cohort: Cohort, truth: Labels, spec: TrainingSpec, deals: int) -> Logits:
    """(deals, N, classes): each case by a head that never met its patient.

    The recipe ends after its last epoch whatever validation says, so that no fold is kept from
    training for it: validation here is a copy of some training cases, which nothing is chosen on.
    """
    if spec.patience is not None:
        raise ValueError("the validation split decides in this recipe: it needs cases of its own")
    features = cohort.features
    if inner := HEADS[spec.architecture].inner:
        # The scale is one number over all films, as the directions below are: no label enters.
        features = logarithms_of(features, scale_of(features, all_rows(features)))
        spec = replace(spec, architecture=inner)
    reduced = reduce(features)
    logits = np.empty((deals, len(truth), spec.classes))
    for deal in range(deals):
        tenths = dealt(cohort.patients, truth, seed=deal)
        for fold in range(FOLDS):
            judged = tenths // 2 == fold
            rows = np.r_[np.flatnonzero(~judged), _one_of_each(truth, ~judged)]
            names = [TRAIN] * int((~judged).sum()) + [VALIDATION] * spec.classes
            head = fit_head(reduced[rows], truth[rows], names, replace(spec, seed=deal)).head
            logits[deal, judged] = head_logits(head, reduced[judged])
    return logits


def _one_of_each(truth: Labels, among: npt.NDArray[np.bool_]) -> Labels:
    return np.array([np.flatnonzero(among & (truth == c))[0] for c in range(truth.max() + 1)])


def _labels(cohort: Cohort) -> Labels:
    """The place of each film's label in CLASSES; the cohort is in the table's order."""
    rows = read_rows(films.shared() / "data" / "chestxray" / "metadata.csv")
    if [row.patient_id for row in rows] != list(cohort.patients):
        raise RuntimeError("the table and the features differ: delete the kept features")
    return np.array([CLASSES.index(row.filename.partition("_")[0]) for row in rows], np.int64)


def _three_of(cohort: Cohort) -> Labels:
    """Made-up cases: the negatives of two kinds, told apart by one feature."""
    other = cohort.features[:, 0] > 0
    return np.where(cohort.positive, 2, other.astype(np.int64))
