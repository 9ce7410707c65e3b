"""Conformal answer sets: every class that cannot be ruled out at a chosen error rate.

Split conformal prediction, one quantile for each class (Vovk 2012, "Conditional validity of
inductive conformal predictors"; Sadinle, Lei and Wasserman 2019, "Least ambiguous set-valued
classifiers with bounded error levels"): the score of a class is 1 - p(class). Among n calibration
cases of class c, its quantile is the ceil((n + 1)(1 - error rate))-th smallest score. A new case
of class c that comes as those came then has c in its set with at least 1 - error rate chance,
whatever the model is worth. With too few cases there is no such score, and the class is always in
the set.

A set of one class is an answer; of more than one, or none, the model cannot decide.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Conformal:
    """``quantiles`` in the order of the classes, each 0..1, None where too few cases were there."""

    error_rate: float
    quantiles: tuple[float | None, ...]

    def __post_init__(self) -> None:
        _refuse_error_rate(self.error_rate)
        if len(self.quantiles) < 2:
            raise ValueError("an answer set needs two classes or more")
        for quantile in self.quantiles:
            if quantile is not None and not 0.0 <= quantile <= 1.0:
                raise ValueError(f"a quantile of {quantile} is no score")

    def answers(self, probabilities: npt.NDArray[np.floating]) -> list[tuple[int, ...]]:
        """(N, classes) probabilities to the classes of each row's set, by index and ascending.

        Raises ValueError for another shape.
        """
        if probabilities.ndim != 2 or probabilities.shape[1] != len(self.quantiles):
            raise ValueError(f"expected (N, {len(self.quantiles)}), got {probabilities.shape}")
        limits = np.array([math.inf if q is None else q for q in self.quantiles])
        kept = 1.0 - np.asarray(probabilities, dtype=np.float64) <= limits
        return [tuple(np.flatnonzero(row).tolist()) for row in kept]

    def to_dict(self, classes: Sequence[str]) -> dict[str, Any]:
        """As it stands in a manifest: {"error_rate", "quantiles": {class code: float or null}}."""
        return {
            "error_rate": self.error_rate,
            "quantiles": dict(zip(classes, self.quantiles, strict=True)),
        }

    @staticmethod
    def from_dict(content: Mapping[str, Any], classes: Sequence[str]) -> Conformal:
        """Raises ValueError for anything but what `to_dict` writes for these classes."""
        quantiles = content.get("quantiles")
        if content.keys() != {"error_rate", "quantiles"} or not isinstance(quantiles, Mapping):
            raise ValueError("an answer set has an error rate and quantiles, and nothing else")
        if quantiles.keys() != set(classes):
            raise ValueError("an answer set has one quantile for each class")
        for value in (content["error_rate"], *(q for q in quantiles.values() if q is not None)):
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise ValueError("an answer set holds numbers")
        return Conformal(content["error_rate"], tuple(quantiles[code] for code in classes))


def fit(
    probabilities: npt.NDArray[np.floating], labels: npt.ArrayLike, error_rate: float
) -> Conformal:
    """From calibration cases that the model was not trained on.

    ``probabilities`` (N, classes), ``labels`` (N,) class indices. Raises ValueError for lengths,
    labels or an error rate that cannot be, or probabilities that are not finite.
    """
    truth = np.asarray(labels).astype(np.int64)
    chances = np.asarray(probabilities, dtype=np.float64)
    _refuse_error_rate(error_rate)
    if chances.ndim != 2 or truth.shape != chances.shape[:1] or not np.isfinite(chances).all():
        raise ValueError(f"{chances.shape} probabilities, {truth.shape} labels")
    if len(truth) and not (truth.min() >= 0 and truth.max() < chances.shape[1]):
        raise ValueError("a label is none of the classes")
    scores = (1.0 - chances[truth == c, c] for c in range(chances.shape[1]))
    return Conformal(error_rate, tuple(_quantile(each, error_rate) for each in scores))


def _quantile(scores: npt.NDArray[np.float64], error_rate: float) -> float | None:
    # Rounded first: (n + 1) * (1 - 0.1) may end a hair above a whole number.
    place = math.ceil(round((len(scores) + 1) * (1.0 - error_rate), 9))
    if place > len(scores):
        return None
    return min(max(float(np.sort(scores)[place - 1]), 0.0), 1.0)


def _refuse_error_rate(error_rate: float) -> None:
    if not 0.0 < error_rate < 1.0:
        raise ValueError(f"an error rate of {error_rate} is not between 0 and 1")
