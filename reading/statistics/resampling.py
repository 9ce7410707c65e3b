"""Intervals without a formula: cases are drawn again and again (Efron and Tibshirani 1993)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from inference.ml.proportion import Estimate
from reading.statistics.agreement import Agreement, cohen_kappa, counts_of, fleiss_kappa, table_of

Numbers = npt.NDArray[np.int64]

BOOTSTRAPS: Final = 1000


def bootstrap_interval(
    answers: Sequence[Sequence[str]],
    categories: Sequence[str],
    *,
    draws: int = BOOTSTRAPS,
    seed: int = 0,
) -> Estimate:
    """Kappa of the answers of M readers to N cases (N x M), with a percentile interval over cases.

    Cohen's for two readers, Fleiss' for more. Draws without a kappa (all in one category) say
    nothing and are left out; without any the interval is None. The same seed, the same interval.
    """
    if len(answers) == 0:
        return Estimate(None)
    two = len(answers[0]) == 2
    value = (_of_two if two else _of_more)(answers, categories).kappa.value
    if value is None:
        return Estimate(None)
    kappas = _drawn(answers, categories, _kappa_of_two if two else _kappa_of_more, draws, seed)
    if not kappas:
        return Estimate(value)
    low, high = np.quantile(kappas, (0.025, 0.975))
    return Estimate(value, min(float(low), value), max(float(high), value))


def _drawn(
    answers: Sequence[Sequence[str]],
    categories: Sequence[str],
    kappa_of: Callable[[Numbers, int], float | None],
    draws: int,
    seed: int,
) -> list[float]:
    place = {category: number for number, category in enumerate(categories)}
    numbers = np.array([[place[answer] for answer in case] for case in answers], dtype=np.int64)
    random = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        rows = numbers[random.integers(0, len(numbers), len(numbers))]
        kappa = kappa_of(rows, len(categories))
        if kappa is not None:
            found.append(kappa)
    return found


def _of_two(answers: Sequence[Sequence[str]], categories: Sequence[str]) -> Agreement:
    first, second = zip(*answers, strict=True)
    return cohen_kappa(table_of(first, second, categories))


def _of_more(answers: Sequence[Sequence[str]], categories: Sequence[str]) -> Agreement:
    return fleiss_kappa(counts_of(answers, categories))


def _kappa_of_two(rows: Numbers, categories: int) -> float | None:
    cells = np.bincount(rows[:, 0] * categories + rows[:, 1], minlength=categories**2)
    return cohen_kappa(cells.reshape(categories, categories)).kappa.value


def _kappa_of_more(rows: Numbers, categories: int) -> float | None:
    counts = np.stack([(rows == number).sum(axis=1) for number in range(categories)], axis=1)
    return fleiss_kappa(counts).kappa.value
