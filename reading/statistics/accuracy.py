"""How right a reader is against the confirming test.

Sources: Yerushalmy 1947 and Altman and Bland 1994 (BMJ 308:1552 and 309:102) for sensitivity,
specificity and predictive values; Wilson 1927 for the intervals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from inference.ml.proportion import Estimate, wilson

FIGURES: Final = ("sensitivity", "specificity", "ppv", "npv", "accuracy")


@dataclass(frozen=True)
class Accuracy:
    """Counts of a reader's answers by what the test said; the figures follow from them.

    All figures are proportions in 0..1 with Wilson's 95 % interval, None where nothing was counted.
    The predictive values hold for the share of positives among these very cases and for no other.
    """

    tp: int
    fp: int
    tn: int
    fn: int

    @property
    def n(self) -> int:
        return self.tp + self.fp + self.tn + self.fn

    @property
    def sensitivity(self) -> Estimate:
        return wilson(self.tp, self.tp + self.fn)

    @property
    def specificity(self) -> Estimate:
        return wilson(self.tn, self.tn + self.fp)

    @property
    def ppv(self) -> Estimate:
        """Positive predictive value: of those called positive, how many are."""
        return wilson(self.tp, self.tp + self.fp)

    @property
    def npv(self) -> Estimate:
        """Negative predictive value: of those called negative, how many are."""
        return wilson(self.tn, self.tn + self.fn)

    @property
    def accuracy(self) -> Estimate:
        return wilson(self.tp + self.tn, self.n)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: n, confusion, metrics (values) and intervals (95 %) by name."""
        named = {name: getattr(self, name) for name in FIGURES}
        return {
            "n": self.n,
            "confusion": {name: getattr(self, name) for name in ("tp", "fp", "tn", "fn")},
            "metrics": {name: estimate.value for name, estimate in named.items()},
            "intervals": {name: [e.low, e.high] for name, e in named.items()},
        }


def accuracy(truth: npt.ArrayLike, called: npt.ArrayLike) -> Accuracy:
    """Compare boolean calls (N,) with boolean truth (N,), True = positive.

    What cannot be compared (no call, no test) is for the caller to leave out, and to count. Raises
    ValueError for lengths that differ.
    """
    is_positive, says = np.asarray(truth, dtype=bool), np.asarray(called, dtype=bool)
    if is_positive.ndim != 1 or is_positive.shape != says.shape:
        raise ValueError(f"{is_positive.shape} results do not match {says.shape} calls")
    return Accuracy(
        tp=int((is_positive & says).sum()),
        fp=int((~is_positive & says).sum()),
        tn=int((~is_positive & ~says).sum()),
        fn=int((is_positive & ~says).sum()),
    )
