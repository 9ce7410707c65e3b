"""The test cases of an evaluation, with what is known of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

UNKNOWN: Final = ""
# First year of each band of ages; the last one has no end.
AGE_BANDS: Final = (0, 18, 40, 60, 80)


@dataclass(frozen=True)
class TestCases:
    """N radiographs of test patients; all sequences are of length N.

    ``labels`` are class indices, ``groups`` name the patients (joined by near-duplicates),
    ``probabilities`` (N, C) are calibrated and add up to 1. ``ages`` are in whole years, None where
    unknown; an empty site, sex or view is unknown. Raises ValueError for lengths that differ,
    classes that have no column and probabilities that are none.
    """

    __test__: ClassVar[bool] = False

    labels: Labels
    groups: Sequence[str]
    sites: Sequence[str]
    sexes: Sequence[str]
    ages: Sequence[int | None]
    views: Sequence[str]
    probabilities: Scores

    def __post_init__(self) -> None:
        labels = np.asarray(self.labels, dtype=np.int64)
        probabilities = np.asarray(self.probabilities, dtype=np.float64)
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "probabilities", probabilities)
        self._refuse_other_lengths()
        refuse_no_probabilities(probabilities, len(labels))
        if len(labels) and not (labels.min() >= 0 and labels.max() < probabilities.shape[1]):
            raise ValueError("a label has no column among the probabilities")

    def __len__(self) -> int:
        return len(self.labels)

    def _refuse_other_lengths(self) -> None:
        told = (self.groups, self.sites, self.sexes, self.ages, self.views)
        if any(len(each) != len(self.labels) for each in told):
            raise ValueError(f"{len(self.labels)} labels and facts of another number of cases")

    def keys_of(self, kind: str) -> npt.NDArray[np.str_]:
        """(N,) what each case is counted under by ``kind``: site, sex, age or view."""
        return np.array(_KEYS[kind](self), dtype=str)


_KEYS: Final[dict[str, Callable[[TestCases], Sequence[str]]]] = {
    "site": lambda cases: cases.sites,
    "sex": lambda cases: cases.sexes,
    "age": lambda cases: [band_of(age) for age in cases.ages],
    "view": lambda cases: cases.views,
}
KINDS: Final = tuple(_KEYS)


def band_of(age: int | None) -> str:
    """ "0-17", "18-39", ... "80+"; empty where the age is unknown."""
    if age is None or age < 0:
        return UNKNOWN
    place = max(number for number, first in enumerate(AGE_BANDS) if age >= first)
    first = AGE_BANDS[place]
    is_last = place == len(AGE_BANDS) - 1
    return f"{first}+" if is_last else f"{first}-{AGE_BANDS[place + 1] - 1}"


def refuse_no_probabilities(probabilities: Scores, n: int) -> None:
    """ValueError for anything but (n, C) finite values in 0..1 that add up to 1, C >= 2."""
    if probabilities.ndim != 2 or len(probabilities) != n or probabilities.shape[1] < 2:
        raise ValueError(f"probabilities of shape {probabilities.shape} for {n} cases")
    inside = (probabilities >= -1e-9) & (probabilities <= 1 + 1e-9)
    if not (inside.all() and np.allclose(probabilities.sum(axis=1), 1.0, atol=1e-4)):
        raise ValueError("probabilities must lie in 0..1 and add up to 1")
