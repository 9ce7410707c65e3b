"""Training a classifier head on cached features: the fast lane, seconds on two processor cores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from inference.ml.heads import HEADS, Head, head_logits
from retraining.ml.feature_matrix import Features, Rows
from retraining.ml.fitting import Labels, OnEpoch, fit_head, reproducible, rows_of
from retraining.ml.logarithms import logarithms_of, scale_of, with_logarithms
from retraining.ml.operating import (
    OUT_OF_FOLD,
    Decisions,
    decisions_of,
    operating_point,
    positive_probability,
)
from retraining.ml.out_of_fold import TooFew, judge, reduce
from retraining.ml.split import TRAIN, VALIDATION
from retraining.ml.training_spec import EpochReport, TrainingSpec

if TYPE_CHECKING:
    from inference.ml.conformal import Conformal

__all__ = ["TrainedHead", "operating_point", "positive_probability", "train_head"]

# With fewer of some class in validation, what is chosen on it would be chosen by chance.
FEWEST: Final = 30
# Above so many cases one repetition must do: the time grows with the cases.
MANY_CASES: Final = 600


@dataclass(frozen=True)
class TrainedHead:
    """A head with the values it will be stored with (fp16), its calibration and history.

    ``calibrated_on`` says which cases temperature, threshold and ``conformal`` (the set of answers)
    were chosen on: "validation", or "out-of-fold" over train and validation.
    """

    head: Head
    spec: TrainingSpec
    temperature: float
    threshold: float
    conformal: Conformal | None
    kept_epoch: int
    history: tuple[EpochReport, ...]
    calibrated_on: str


def train_head(
    features: Features,
    labels: npt.ArrayLike,
    splits: Sequence[str],
    spec: TrainingSpec | None = None,
    on_epoch: OnEpoch | None = None,
    *,
    groups: Sequence[str] | None = None,
) -> TrainedHead:
    """Train on the rows of split "train", choose on those of "validation", leave all others alone.

    ``features`` (N, dimensions) fp16 or fp32; ``labels`` (N,) class indices from 0; ``splits`` (N,)
    names; ``groups`` (N,) patient groups. Where validation has fewer than 30 cases of some class
    and the groups are known, temperature, operating point and the set of answers are chosen out of
    fold over train and validation, by heads of the same recipe that never met the patient. The same
    input, spec and machine give the same weights. An exception raised by ``on_epoch`` ends the
    training (that is how a run is cancelled). Raises TrainingFailed when a class is missing from
    train or validation or the loss stops being finite, ValueError for lengths that differ.
    """
    spec = spec or TrainingSpec()
    if not (inner := HEADS[spec.architecture].inner):
        return _trained(features, labels, splits, spec, on_epoch, groups)
    rows = rows_of(features, labels, splits, spec.classes)[0]
    scale = scale_of(features, rows[TRAIN])
    logarithms = logarithms_of(features, scale)
    plain = replace(spec, architecture=inner)
    trained = _trained(logarithms, labels, splits, plain, on_epoch, groups)
    head = with_logarithms(spec.architecture, trained.head, scale)
    return replace(trained, head=head, spec=spec)


def _trained(
    features: Features,
    labels: npt.ArrayLike,
    splits: Sequence[str],
    spec: TrainingSpec,
    on_epoch: OnEpoch | None,
    groups: Sequence[str] | None,
) -> TrainedHead:
    fitted = fit_head(features, labels, splits, spec, on_epoch)
    rows, truth = rows_of(features, labels, splits, spec.classes)
    with reproducible(spec):
        chosen = _out_of_fold(features, truth, rows, groups, spec)
        if chosen is None:
            validation = rows[VALIDATION]
            logits = head_logits(fitted.head, features[validation])
            chosen = decisions_of(logits, truth[validation], spec)
    return TrainedHead(
        fitted.head, spec, chosen.temperature, chosen.threshold, chosen.conformal,
        fitted.kept_epoch, fitted.history, chosen.calibrated_on,
    )  # fmt: skip


def _out_of_fold(
    features: Features,
    truth: Labels,
    rows: dict[str, Rows],
    groups: Sequence[str] | None,
    spec: TrainingSpec,
) -> Decisions | None:
    """None where validation is enough, or where the cases are too few for folds as well."""
    counts = np.bincount(truth[rows[VALIDATION]], minlength=spec.classes)
    if groups is None or counts.min() >= FEWEST:
        return None
    developed = np.sort(np.concatenate([rows[TRAIN], rows[VALIDATION]]))
    known = truth[developed]
    times = 1 if len(developed) > MANY_CASES else 2
    reduced = reduce(features, developed)
    names = [groups[row] for row in developed]
    try:
        judged = judge(reduced, [known], names, spec, repetitions=times)
    except TooFew:
        return None
    logits = judged.logits[:, 0].reshape(-1, spec.classes)
    return decisions_of(logits, np.tile(known, times), spec, on=OUT_OF_FOLD, once=len(known))
