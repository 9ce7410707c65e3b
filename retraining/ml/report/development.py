"""The rows that a model may learn from, with patients dealt into folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from retraining.ml.out_of_fold import FOLDS, TENTHS, dealt
from retraining.ml.report.logistic import leading
from retraining.ml.split import TRAIN, VALIDATION

Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Development:
    """N training and validation radiographs, never test ones.

    ``features`` (N, k) are reduced already (``retraining.ml.out_of_fold.reduce``); ``labels`` (N,)
    class indices; ``splits`` (N,) "train" or "validation"; ``groups`` and ``sites`` (N,) name the
    patients and the institutions. Raises ValueError for lengths that differ, for another split and
    for features that are not finite.
    """

    features: npt.NDArray[np.float32]
    labels: Labels
    splits: Sequence[str]
    groups: Sequence[str]
    sites: Sequence[str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", np.asarray(self.labels, dtype=np.int64))
        told = (self.features, self.splits, self.groups, self.sites)
        if any(len(each) != len(self.labels) for each in told):
            raise ValueError(f"{len(self.labels)} labels and facts of another number of cases")
        if set(self.splits) - {TRAIN, VALIDATION}:
            raise ValueError("only training and validation cases may be learned from")
        if not np.isfinite(self.features).all():
            raise ValueError("the features hold values that are not finite")

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def inputs(self) -> npt.NDArray[np.float32]:
        """(N, at most 64) leading principal components."""
        return leading(self.features)

    @cached_property
    def patients(self) -> Labels:
        """(N,) a number for each patient."""
        return np.unique(np.asarray(self.groups, dtype=str), return_inverse=True)[1]

    @cached_property
    def places(self) -> npt.NDArray[np.str_]:
        return np.asarray(self.sites, dtype=str)

    def how_many(self, chosen: npt.NDArray[np.bool_]) -> int:
        """Patients among the chosen rows."""
        return len(np.unique(self.patients[chosen]))


def folds_of(groups: Sequence[str], labels: Labels, *, seed: int) -> Labels:
    """(N,) folds 0 to 4 of whole patients, each with its share of every class of ``labels``."""
    return dealt(groups, labels, seed=seed) // (TENTHS // FOLDS)
