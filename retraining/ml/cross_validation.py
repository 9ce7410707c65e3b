"""Cross-validation over patients: every radiograph judged by heads that never saw its patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from inference.ml.heads import head_logits
from retraining.ml.calibration import fit_temperature
from retraining.ml.feature_matrix import Features
from retraining.ml.fitting import fit_head
from retraining.ml.operating import operating_point, positive_probability
from retraining.ml.split import TEST, TRAIN, VALIDATION, fold_of
from retraining.ml.training_spec import TrainingSpec


@dataclass(frozen=True)
class OutOfFold:
    """``logits`` (R * N, classes) of N radiographs in R repetitions; ``rows`` (R * N,) names them.

    ``temperature`` and ``threshold`` are fitted on all of them.
    """

    logits: npt.NDArray[np.float64]
    rows: npt.NDArray[np.int64]
    temperature: float
    threshold: float
    positive: int

    def scores(self) -> npt.NDArray[np.float64]:
        """(R * N,) calibrated probabilities of the positive class."""
        return positive_probability(self.logits, self.temperature, self.positive)


def cross_validate(
    features: Features,
    labels: npt.ArrayLike,
    patients: Sequence[str],
    spec: TrainingSpec,
    *,
    salt: str,
    folds: int = 5,
    repetitions: int = 1,
) -> OutOfFold:
    """Judge (N,) radiographs out of fold, ``repetitions`` times with another seed.

    Folds hold whole patients. Each is judged by a head trained on the others, one of which serves
    as its validation split. Raises TrainingFailed when a fold lacks a class.
    """
    truth = np.asarray(labels).astype(np.int64)
    fold = np.array([fold_of(patient, salt, folds) for patient in patients])
    rounds = [
        _one_round(features, truth, fold, folds, replace(spec, seed=spec.seed + repetition))
        for repetition in range(repetitions)
    ]
    logits = np.concatenate(rounds)
    rows = np.tile(np.arange(len(truth)), repetitions)
    temperature = fit_temperature(logits, truth[rows])
    threshold = operating_point(logits, truth[rows], temperature, spec)
    return OutOfFold(logits, rows, temperature, threshold, spec.positive)


def _one_round(
    features: Features,
    truth: npt.NDArray[np.int64],
    fold: npt.NDArray[np.int64],
    folds: int,
    spec: TrainingSpec,
) -> npt.NDArray[np.float64]:
    logits = np.empty((len(truth), spec.classes))
    for judged in range(folds):
        names = np.full(len(truth), TRAIN, dtype="U10")
        names[fold == (judged + 1) % folds] = VALIDATION
        names[fold == judged] = TEST
        head = fit_head(features, truth, names.tolist(), spec).head
        logits[fold == judged] = head_logits(head, features[fold == judged])
    return logits
