"""How strongly the label goes together with something that is no disease, such as the hospital.

A network that can tell hospitals apart answers by the hospital where this is near 1: 0 means that
label and category are independent, 1 that one decides the other.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Association:
    """``v``: Cramér's V (Cramér 1946), in [0, 1]. ``corrected``: the same without its bias in small
    samples (Bergsma 2013, "A bias-correction for Cramér's V and Tschuprow's T").

    Both are None where there are fewer than two labels or categories: then there is nothing to go
    together. ``n`` is how many were counted.
    """

    v: float | None
    corrected: float | None
    labels: int
    categories: int
    n: int


def association_of(pairs: Iterable[tuple[Hashable, Hashable]]) -> Association:
    """Of (label, category) pairs, one for each independent case (a patient, not a radiograph)."""
    table = _table(pairs)
    rows, columns = table.shape
    n = int(table.sum())
    if min(rows, columns) < 2:
        return Association(None, None, rows, columns, n)
    phi2 = _phi_squared(table)
    v = math.sqrt(phi2 / (min(rows, columns) - 1))
    return Association(min(v, 1.0), _corrected(phi2, rows, columns, n), rows, columns, n)


def _table(pairs: Iterable[tuple[Hashable, Hashable]]) -> NDArray[np.float64]:
    """Contingency table (labels, categories) of counts, without empty rows and columns."""
    counted = Counter(pairs)
    labels = {label: row for row, label in enumerate(dict.fromkeys(each for each, _ in counted))}
    categories = {
        category: column
        for column, category in enumerate(dict.fromkeys(each for _, each in counted))
    }
    table = np.zeros((len(labels), len(categories)))
    for (label, category), number in counted.items():
        table[labels[label], categories[category]] = number
    return table


def _phi_squared(table: NDArray[np.float64]) -> float:
    """Pearson's chi-squared divided by the number of cases."""
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return float(((table - expected) ** 2 / expected).sum() / table.sum())


def _corrected(phi2: float, rows: int, columns: int, n: int) -> float:
    """Bergsma 2013, equations 5 to 7."""
    if n < 2:
        return 0.0
    less = max(0.0, phi2 - (rows - 1) * (columns - 1) / (n - 1))
    fewer_rows = rows - (rows - 1) ** 2 / (n - 1)
    fewer_columns = columns - (columns - 1) ** 2 / (n - 1)
    most = min(fewer_rows, fewer_columns) - 1
    return min(math.sqrt(less / most), 1.0) if most > 0 else 0.0
