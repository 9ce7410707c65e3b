"""Labels that look wrong: heads that never met the patient give them almost no chance.

The out-of-fold probability of the given label, calibrated, is the "self-confidence" of confident
learning (Northcutt, Jiang and Chuang 2021, Journal of Artificial Intelligence Research 70). Being
suspected proves nothing: a rare but right label is suspected too, and a person decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax

from retraining.ml.calibration import fit_temperature
from retraining.ml.feature_matrix import Features
from retraining.ml.out_of_fold import FOLDS, Logits, OnHead, TooFew, judge
from retraining.ml.training_spec import TrainingSpec

# A label to which the heads give less than this is suspected.
LEAST_CHANCE: Final = 0.1
REPETITIONS: Final = 3
# Of a class with fewer cases or fewer patients, heads know too little to accuse anybody.
FEWEST_CASES: Final = 20
FEWEST_GROUPS: Final = 10


@dataclass(frozen=True)
class Suspect:
    """``row`` of the input; ``loss`` is the cross-entropy of its label in nats, mean over the
    heads that never met the patient; ``chance`` (0..1) is what that loss says: exp(-loss)."""

    row: int
    loss: float
    chance: float


@dataclass(frozen=True)
class Suspects:
    """``found``: worst first. ``losses`` (N,) of all cases, in nats."""

    found: tuple[Suspect, ...]
    losses: npt.NDArray[np.float64]
    folds: int
    repetitions: int


def find_suspects(
    features: Features,
    labels: npt.ArrayLike,
    groups: Sequence[str],
    spec: TrainingSpec,
    *,
    least_chance: float = LEAST_CHANCE,
    repetitions: int = REPETITIONS,
    on_head: OnHead | None = None,
) -> Suspects:
    """The cases whose label has a chance below ``least_chance`` out of fold.

    ``features`` (N, dimensions); ``labels`` (N,) class indices, all known; ``groups`` (N,) patient
    groups. Raises TooFew where a class has fewer than 20 cases or 10 groups, TrainingFailed for
    features that are not finite.
    """
    truth = np.asarray(labels).astype(np.int64)
    if too_few := scarce(truth, groups, spec.classes):
        raise TooFew(f"class {too_few[0]} has too few cases or patients")
    judged = judge(features, [truth], groups, spec, repetitions=repetitions, on_head=on_head)
    losses = _losses(judged.logits[:, 0], truth)
    chances = np.exp(-losses)
    worst = np.argsort(-losses, kind="stable")
    found = [Suspect(int(row), float(losses[row]), float(chances[row])) for row in worst]
    kept = tuple(each for each in found if each.chance < least_chance)
    return Suspects(kept, losses, FOLDS, repetitions)


def scarce(labels: npt.NDArray[np.int64], groups: Sequence[str], classes: int) -> list[int]:
    """The classes that are too rare to be judged by: fewer than 20 cases or 10 patient groups."""
    names = np.asarray(groups)
    return [
        each
        for each in range(classes)
        if (labels == each).sum() < FEWEST_CASES
        or len(np.unique(names[labels == each])) < FEWEST_GROUPS
    ]


def _losses(logits: Logits, truth: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """(repetitions, N, classes) logits to (N,) mean losses, each repetition calibrated."""
    cases = np.arange(len(truth))
    each = [
        -log_softmax(rows / fit_temperature(rows, truth), axis=1)[cases, truth] for rows in logits
    ]
    return np.asarray(np.mean(each, axis=0))
