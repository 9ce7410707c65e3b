"""How far readers agree beyond chance, in categories without an order.

Sources: Cohen 1960 (Educ Psychol Meas 20:37) for two readers, with the large-sample variance of
Fleiss, Cohen and Everitt 1969 (Psychol Bull 72:323); Fleiss 1971 (Psychol Bull 76:378)
for more, with the variance under chance of Fleiss, Nee and Landis 1979 (Psychol Bull 86:974) and
the large-sample variance of Gwet 2021 (Educ Psychol Meas 81:781).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import sqrt
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from inference.ml.proportion import Estimate, wilson

Counts = npt.NDArray[np.int64]

Z_95: Final = 1.959963984540054
# Below it a variance is the rounding error of zero.
_NOTHING: Final = 1e-12


class Undefined(StrEnum):
    """Why a kappa, or its interval, is None."""

    NO_CASES = "no-cases"  # nothing was read by all of them
    ONE_CATEGORY = "one-category"  # all in one category: chance alone would agree as well
    NO_VARIANCE = "no-variance"  # all agree, or all disagree: nothing to measure the spread by


@dataclass(frozen=True)
class Agreement:
    """Kappa (-1..1) of `raters` readers upon `n` cases, with its 95 % interval.

    `observed` is the share of pairs of answers that agree (0..1; Wilson's interval for two readers,
    none for more, whose pairs are not independent), `expected` what chance would give. `undefined`
    says why `kappa` or, where that is known, its interval is None. `z` tests against chance: the
    kappa in standard errors under the hypothesis that all agreement is chance; only Fleiss' kappa
    has it.
    """

    n: int
    raters: int
    kappa: Estimate
    observed: Estimate
    expected: float | None
    standard_error: float | None = None
    z: float | None = None
    undefined: Undefined | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "n": self.n,
            "raters": self.raters,
            "kappa": self.kappa.value,
            "interval": [self.kappa.low, self.kappa.high],
            "standard_error": self.standard_error,
            "z": self.z,
            "observed_agreement": self.observed.value,
            "observed_interval": [self.observed.low, self.observed.high],
            "expected_agreement": self.expected,
            "undefined": self.undefined,
        }


def table_of(
    first: Sequence[str], second: Sequence[str], categories: Sequence[str]
) -> npt.NDArray[np.int64]:
    """Two readers' answers (N,) as a (K, K) table: rows the first, columns the second.

    Raises ValueError for lengths that differ, KeyError for an answer that is no category.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} answers do not match {len(second)}")
    place = {category: number for number, category in enumerate(categories)}
    table = np.zeros((len(categories), len(categories)), dtype=np.int64)
    for one, other in zip(first, second, strict=True):
        table[place[one], place[other]] += 1
    return table


def counts_of(answers: Sequence[Sequence[str]], categories: Sequence[str]) -> Counts:
    """The answers of M readers to N cases (N x M) as counts (N, K). Raises KeyError."""
    place = {category: number for number, category in enumerate(categories)}
    counts = np.zeros((len(answers), len(categories)), dtype=np.int64)
    for row, case in enumerate(answers):
        for answer in case:
            counts[row, place[answer]] += 1
    return counts


def cohen_kappa(table: npt.ArrayLike) -> Agreement:
    """Unweighted kappa of two readers from their (K, K) table of counts.

    The interval is kappa ± 1.96 standard errors, cut at -1 and 1. Raises ValueError for a table
    that is not square or holds a negative count.
    """
    cells = np.asarray(table, dtype=np.int64)
    if cells.ndim != 2 or cells.shape[0] != cells.shape[1] or (cells < 0).any():
        raise ValueError("two readers' answers make a square table of counts")
    n, agreed = int(cells.sum()), int(np.trace(cells))
    if n == 0:
        return _without_cases(raters=2)
    # In whole numbers, so that "no kappa" is exact and not a matter of rounding.
    chance = int((cells.sum(axis=1) * cells.sum(axis=0)).sum())
    found = Agreement(
        n, 2, Estimate(None), wilson(agreed, n), chance / n**2, undefined=Undefined.ONE_CATEGORY
    )
    if chance == n**2:
        return found
    kappa = (n * agreed - chance) / (n**2 - chance)
    return _with_interval(found, kappa, _variance_of_two(cells / n, kappa) / n)


def _variance_of_two(shares: npt.NDArray[np.float64], kappa: float) -> float:
    """Fleiss, Cohen and Everitt 1969, for one case; kappa's is the n-th part of it."""
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    chance = float(rows @ columns)
    agreed = np.diag(shares) @ (1 - (rows + columns) * (1 - kappa)) ** 2
    # Cell (i, j) weighs the second reader's share of i and the first one's of j.
    weights = (columns[:, None] + rows[None, :]) ** 2
    missed = (shares * weights).sum() - np.diag(shares) @ np.diag(weights)
    spread = agreed + (1 - kappa) ** 2 * missed - (kappa - chance * (1 - kappa)) ** 2
    return float(spread) / (1 - chance) ** 2


def fleiss_kappa(counts: npt.ArrayLike) -> Agreement:
    """Kappa of M readers from counts (N, K): how many put case i into category k.

    The interval is kappa ± 1.96 standard errors of Gwet's large-sample variance over cases, for
    that of Fleiss, Nee and Landis holds only where nothing but chance agrees; with that one `z` is
    measured. Raises ValueError where cases have different numbers of readers, or fewer than two.
    """
    cells = np.asarray(counts, dtype=np.int64)
    if cells.ndim != 2 or (cells < 0).any():
        raise ValueError("counts are of cases by categories")
    if len(cells) == 0:
        return _without_cases(raters=0)
    readers = {int(number) for number in cells.sum(axis=1)}
    n, m = len(cells), max(readers)
    if len(readers) > 1 or m < 2:
        raise ValueError("each case is read by the same readers, two or more")
    pairs, totals = (cells * (cells - 1)).sum(axis=1) / (m * (m - 1)), cells.sum(axis=0)
    chance = int((totals**2).sum())
    expected = chance / (n * m) ** 2
    agreed = Estimate(float(pairs.mean()))
    if m == 2:
        agreed = wilson(int(pairs.sum()), n)
    found = Agreement(n, m, Estimate(None), agreed, expected, undefined=Undefined.ONE_CATEGORY)
    if chance == (n * m) ** 2:
        return found
    kappa = float((pairs.mean() - expected) / (1 - expected))
    told = _with_interval(found, kappa, _variance_over_cases(cells, pairs, kappa))
    return _with_test(told, totals / (n * m))


def _variance_over_cases(cells: Counts, pairs: npt.NDArray[np.float64], kappa: float) -> float:
    """Gwet 2021: the variance of the mean of what each case contributes to kappa (delta method)."""
    n, m = len(cells), int(cells[0].sum())
    if n < 2:
        return 0.0
    shares = cells.sum(axis=0) / (n * m)
    chance = float(shares @ shares)
    chances = cells @ shares / m
    each = (pairs - chance) / (1 - chance) - 2 * (1 - kappa) * (chances - chance) / (1 - chance)
    return float(((each - kappa) ** 2).sum() / (n * (n - 1)))


def _with_test(found: Agreement, shares: npt.NDArray[np.float64]) -> Agreement:
    """Adds `z`, by the variance that Fleiss, Nee and Landis 1979 derived for chance alone."""
    others = 1 - shares
    spread = float(shares @ others)
    bent = float((shares * others * (others - shares)).sum())
    variance = 2 * (spread**2 - bent) / (found.n * found.raters * (found.raters - 1) * spread**2)
    if variance <= _NOTHING or found.kappa.value is None:
        return found
    return replace(found, z=found.kappa.value / sqrt(variance))


def _with_interval(found: Agreement, kappa: float, variance: float) -> Agreement:
    if variance <= _NOTHING:
        return replace(found, kappa=Estimate(kappa), undefined=Undefined.NO_VARIANCE)
    error = sqrt(variance)
    low, high = max(kappa - Z_95 * error, -1.0), min(kappa + Z_95 * error, 1.0)
    interval = Estimate(kappa, low, high)
    return replace(found, kappa=interval, standard_error=error, undefined=None)


def _without_cases(raters: int) -> Agreement:
    return Agreement(0, raters, Estimate(None), Estimate(None), None, undefined=Undefined.NO_CASES)
