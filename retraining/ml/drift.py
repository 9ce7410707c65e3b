"""Whether what arrives still looks like what a model learned from: scores, features, prevalence.

Arrays in, numbers out; which radiographs are compared is for the caller to say. Sources: Yurdakul
and Naranjo 2020 (J Risk Model Valid 14:4) for the population stability index and what chance alone
makes of it; Smirnov 1948; Heusel et al. 2017 (Fréchet distance of two normal distributions, Dowson
and Landau 1982); Saerens, Latinne and Decaestecker 2002 (Neural Comput 14:21) for the prevalence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh
from scipy.stats import chi2, ks_2samp
from threadpoolctl import threadpool_limits

from inference.ml.proportion import Estimate
from retraining.ml.report.resampling import PatientDraws, estimate

Scores = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.floating[Any]]

BINS: Final = 10
DIRECTIONS: Final = 64
PERMUTATIONS: Final = 200
SHARE: Final = 0.95
# So many halvings find a share to the tenth digit.
_HALVINGS: Final = 34
_LEAST: Final = 1e-12


@dataclass(frozen=True)
class ScoreDrift:
    """``stability``: population stability index (0: alike; 0.1 and 0.25 are the customary marks);
    ``limit``: what chance alone exceeds in 5 of 100 draws of these sizes. ``distance`` (0..1) and
    ``p`` are of the two-sample test of Kolmogorov and Smirnov."""

    stability: float
    limit: float
    distance: float
    p: float


@dataclass(frozen=True)
class FeatureDrift:
    """``distance``: Fréchet distance; ``limit``: the one that chance alone exceeds in 5 of 100
    divisions of the same patients; ``p``: how often chance reaches the distance."""

    distance: float
    limit: float
    p: float


def score_drift(reference: npt.ArrayLike, new: npt.ArrayLike, *, bins: int = BINS) -> ScoreDrift:
    """Of (N,) and (M,) scores. Raises ValueError for none, or for numbers that are not finite."""
    first, second = _scores(reference), _scores(new)
    found = ks_2samp(first, second)
    stability, used = _stability(first, second, bins)
    limit = float(chi2.ppf(SHARE, max(1, used - 1))) * (1 / len(first) + 1 / len(second))
    return ScoreDrift(stability, limit, float(found.statistic), float(found.pvalue))


def population_stability(
    reference: npt.ArrayLike, new: npt.ArrayLike, *, bins: int = BINS
) -> float:
    """The index over the quantiles of the reference. ValueError as in ``score_drift``."""
    return _stability(_scores(reference), _scores(new), bins)[0]


def _stability(first: Scores, second: Scores, bins: int) -> tuple[float, int]:
    """The index, and over how many bins: equal scores may make fewer than were asked for."""
    inner = np.unique(np.quantile(first, np.arange(1, bins) / bins))
    # Below an edge at the lowest score there is nothing.
    inner = inner[inner > first.min()]
    shares = [_shares(each, inner) for each in (first, second)]
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum()), len(inner) + 1


def _shares(scores: Scores, inner: Scores) -> Scores:
    """Half a case more in each bin: an empty one would make the index infinite."""
    counts = np.bincount(np.searchsorted(inner, scores, side="right"), minlength=len(inner) + 1)
    return np.asarray((counts + 0.5) / (len(scores) + 0.5 * len(counts)))


def _scores(values: npt.ArrayLike) -> Scores:
    scores: Scores = np.asarray(values, dtype=np.float64)
    if scores.ndim != 1 or not len(scores) or not np.isfinite(scores).all():
        raise ValueError("drift needs scores, all of them finite")
    return scores


def frechet_distance(first: Matrix, second: Matrix) -> float:
    """Squared distance of two normal distributions fitted to (N, d) and (M, d) rows.

    |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)). Raises ValueError for fewer than two rows, for
    other widths and for numbers that are not finite.
    """
    _refuse_rows(first, second)
    return _distance(_moments(np.asarray(first, float)), _moments(np.asarray(second, float)))


def feature_drift(
    reference: Matrix,
    new: Matrix,
    *,
    reference_groups: Sequence[str] | None = None,
    new_groups: Sequence[str] | None = None,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> FeatureDrift:
    """The Fréchet distance of pooled features (N, d) and (M, d), and what chance would make of it.

    In the 64 leading principal directions of all rows together: a covariance of hundreds of
    dimensions cannot be told from a few dozen radiographs. Patients (``groups``; each row one of
    its own where they are not given) are divided anew, as many into the new part as there are now.
    Raises ValueError as ``frechet_distance``, or for groups of another number.
    """
    _refuse_rows(reference, new)
    rows = _leading(np.vstack([reference, new]))
    patient, is_new = _patients(len(reference), len(new), reference_groups, new_groups)
    of_patient = np.zeros(patient.max() + 1, dtype=bool)
    of_patient[patient[is_new]] = True
    random, drawn = np.random.default_rng(seed), np.empty(permutations)
    # Small matrices: on several threads they would be waiting for one another.
    with threadpool_limits(limits=1, user_api="blas"):
        total = rows.T @ rows
        distance = _between(rows, total, is_new)
        for place in range(permutations):
            drawn[place] = _between(rows, total, random.permutation(of_patient)[patient])
    usable = drawn[np.isfinite(drawn)]
    limit = float(np.quantile(usable, SHARE)) if len(usable) else float("inf")
    return FeatureDrift(
        distance, limit, float(((usable >= distance).sum() + 1) / (len(usable) + 1))
    )


def _between(rows: Scores, total: Scores, is_new: npt.NDArray[np.bool_]) -> float:
    """NaN for a division that leaves a side without spread."""
    sizes = int((~is_new).sum()), int(is_new.sum())
    if min(sizes) < 2:
        return float("nan")
    # The smaller side is summed; the rows are centred, so that the other side is the rest.
    smaller = int(sizes[1] < sizes[0])
    chosen = rows[is_new if smaller else ~is_new]
    mean = chosen.mean(axis=0)
    squares = chosen.T @ chosen
    sides = (
        _side(mean, squares, sizes[smaller]),
        _side(-mean * sizes[smaller] / sizes[1 - smaller], total - squares, sizes[1 - smaller]),
    )
    return _distance(*sides)


def _side(mean: Scores, squares: Scores, n: int) -> tuple[Scores, Scores]:
    """Mean and covariance of n rows from their mean and the sum of their outer products."""
    return mean, (squares - n * np.outer(mean, mean)) / (n - 1)


def _moments(rows: Scores) -> tuple[Scores, Scores]:
    return rows.mean(axis=0), np.atleast_2d(np.cov(rows, rowvar=False))


def _distance(first: tuple[Scores, Scores], second: tuple[Scores, Scores]) -> float:
    (mean, spread), (other_mean, other_spread) = first, second
    # S1 S2 has the eigenvalues of the symmetric R S2 R, where R is the root of S1.
    root = _root(spread)
    values = eigh(root @ other_spread @ root, eigvals_only=True)
    product = np.sqrt(np.maximum(values, 0.0)).sum()
    apart = float(np.square(mean - other_mean).sum())
    return max(apart + float(np.trace(spread) + np.trace(other_spread) - 2 * product), 0.0)


def _root(spread: Scores) -> Scores:
    """The symmetric square root of a covariance."""
    values, vectors = eigh(spread)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)


def _leading(rows: Matrix) -> Scores:
    """(N, d) to (N, at most 64); distances and spreads in what is kept are unchanged."""
    values: Scores = np.asarray(rows, dtype=np.float64)
    values = np.subtract(values, values.mean(axis=0))
    wide = values.shape[1]
    if wide <= DIRECTIONS:
        return values
    spread = values.T @ values / len(values)
    _, vectors = eigh(spread, subset_by_index=(wide - DIRECTIONS, wide - 1))
    found: Scores = values @ vectors
    return found


def _patients(
    n: int, m: int, first: Sequence[str] | None, second: Sequence[str] | None
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """A number for the patient of each row, and which rows are new ones.

    A patient of both sides counts as two, so that each row keeps its side.
    """
    if (first is not None and len(first) != n) or (second is not None and len(second) != m):
        raise ValueError(f"groups of another number than {n} and {m} rows")
    old = [f"0 {each}" for each in (first if first is not None else range(n))]
    young = [f"1 {each}" for each in (second if second is not None else range(m))]
    patient = np.unique(np.array(old + young), return_inverse=True)[1]
    return patient, np.arange(n + m) >= n


def _refuse_rows(first: Matrix, second: Matrix) -> None:
    if first.ndim != 2 or second.ndim != 2 or first.shape[1] != second.shape[1]:
        raise ValueError(f"features of shapes {first.shape} and {second.shape}")
    if min(len(first), len(second)) < 2:
        raise ValueError("a spread needs two rows or more")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ValueError("features are not finite")


def prevalence(
    scores: npt.ArrayLike,
    prior: float,
    groups: Sequence[str] | None = None,
    *,
    seed: int = 0,
) -> Estimate:
    """The share of positives among (M,) radiographs without labels, with a patient bootstrap.

    ``scores`` are calibrated probabilities of a model that was calibrated where the share was
    ``prior``. It holds if positives and negatives still look as they did, and only their numbers
    changed. The value is where the expectation maximisation of Saerens et al. ends: the maximum of
    the likelihood, found by halving, for it has a single one. Raises ValueError for a prior that is
    not inside 0..1, for scores outside 0..1 and for groups of another number.
    """
    found = _scores(scores)
    if not 0.0 < prior < 1.0 or found.min() < 0.0 or found.max() > 1.0:
        raise ValueError("scores must be probabilities, and the prior between 0 and 1")
    names = [str(row) for row in range(len(found))] if groups is None else list(groups)
    if len(names) != len(found):
        raise ValueError(f"{len(names)} groups for {len(found)} scores")
    ratios = found / prior, (1 - found) / (1 - prior)
    value = _likeliest(*ratios, np.ones((1, len(found))))[0]
    draws = PatientDraws(names, seed=seed)
    drawn = draws.of(lambda weights: _likeliest(*ratios, weights))[:, 0]
    return estimate(float(value), drawn, draws.patients)


def _likeliest(positive: Scores, negative: Scores, weights: Scores) -> Scores:
    """(b, M) weights to (b,) shares p with the largest sum of log(p a + (1 - p) b)."""
    low, high = np.zeros(len(weights)), np.ones(len(weights))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        mixed = np.outer(middle, positive) + np.outer(1 - middle, negative)
        slope = np.einsum("bm,bm->b", weights, (positive - negative) / np.maximum(mixed, _LEAST))
        low, high = np.where(slope > 0, middle, low), np.where(slope > 0, high, middle)
    found = (low + high) / 2
    return np.where(found < 1e-9, 0.0, np.where(found > 1 - 1e-9, 1.0, found))
