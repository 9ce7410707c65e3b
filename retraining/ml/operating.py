"""From logits to decisions: temperature, operating point, set of answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from retraining.ml.calibration import fit_temperature
from retraining.ml.curves import threshold_for_sensitivity, youden_threshold
from retraining.ml.training_spec import TrainingSpec

if TYPE_CHECKING:
    from inference.ml.conformal import Conformal

ON_VALIDATION: Final = "validation"
OUT_OF_FOLD: Final = "out-of-fold"

Logits = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Decisions:
    """What is chosen after the weights, and on which cases ("validation" or "out-of-fold")."""

    temperature: float
    threshold: float
    conformal: Conformal | None
    calibrated_on: str


def decisions_of(
    logits: Logits, labels: Labels, spec: TrainingSpec, *, on: str = ON_VALIDATION, once: int = 0
) -> Decisions:
    """Choose on (N, classes) logits of (N,) labelled cases that the head did not learn from.

    Where the same cases come several times (judged by several heads), the first ``once`` rows hold
    each of them once: the set of answers counts cases (0: all rows do). Raises ValueError without
    positives or without negatives.
    """
    temperature = fit_temperature(logits, labels)
    threshold = operating_point(logits, labels, temperature, spec)
    single = slice(0, once or len(labels))
    conformal = _conformal(logits[single], labels[single], temperature, spec)
    return Decisions(temperature, threshold, conformal, on)


def operating_point(
    logits: Logits, labels: Labels, temperature: float, spec: TrainingSpec
) -> float:
    """The threshold on the positive class's probability that the spec's rule picks."""
    scores = positive_probability(logits, temperature, spec.positive)
    positive = labels == spec.positive
    if spec.sensitivity is None:
        return youden_threshold(positive, scores)
    return threshold_for_sensitivity(positive, scores, spec.sensitivity)


def positive_probability(
    logits: Logits, temperature: float, positive: int
) -> npt.NDArray[np.float64]:
    """(N, classes) logits to (N,) probabilities of one class."""
    return np.asarray(softmax(logits / temperature, axis=1)[:, positive])


def _conformal(
    logits: Logits, labels: Labels, temperature: float, spec: TrainingSpec
) -> Conformal | None:
    if spec.error_rate is None:
        return None
    from inference.ml.conformal import fit

    return fit(softmax(logits / temperature, axis=1), labels, spec.error_rate)
