"""Two areas under the ROC curve of the same cases, compared without drawing.

Sources: DeLong, DeLong and Clarke-Pearson 1988 (Biometrics 44:837) for the variance; Sun and Xu
2014 (IEEE Signal Process Lett 21:1389) for its computation by midranks in O(N log N).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm, rankdata

from retraining.ml.report.cases import Mask, Scores

_Z_95 = 1.959963984540054
# Below it a variance is the rounding error of zero.
_NOTHING = 1e-15


@dataclass(frozen=True)
class Difference:
    """First area minus second with its 95 % interval, and the two-sided p of "no difference".

    Interval and p are None where both orders of the cases are without any spread.
    """

    value: float
    low: float | None
    high: float | None
    p: float | None


def areas_with_covariance(
    truth: Mask, scores: Scores
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """(K, N) scores of one truth (N,) to K areas and their (K, K) covariance.

    Raises ValueError without two positives and two negatives: fewer have no spread.
    """
    if truth.sum() < 2 or (~truth).sum() < 2:
        raise ValueError("the variance of an area needs two cases of both classes")
    positive, negative = scores[:, truth], scores[:, ~truth]
    m, n = positive.shape[1], negative.shape[1]
    ranks = rankdata(np.hstack([positive, negative]), axis=1)
    # Placement values: the share of the other class that each case stands above.
    of_positive = (ranks[:, :m] - rankdata(positive, axis=1)) / n
    of_negative = 1 - (ranks[:, m:] - rankdata(negative, axis=1)) / m
    covariance = np.atleast_2d(np.cov(of_positive)) / m + np.atleast_2d(np.cov(of_negative)) / n
    return of_positive.mean(axis=1), covariance


def delong(truth: Mask, first: Scores, second: Scores) -> Difference:
    """The areas of ``first`` and ``second`` (N,) compared; ValueError as above."""
    found, covariance = areas_with_covariance(truth, np.stack([first, second]))
    value = float(found[0] - found[1])
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    if variance <= _NOTHING:
        return Difference(value, None, None, None)
    error = variance**0.5
    p = float(2 * norm.sf(abs(value) / error))
    return Difference(value, max(value - _Z_95 * error, -1.0), min(value + _Z_95 * error, 1.0), p)
