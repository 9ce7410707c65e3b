"""A measured proportion with its uncertainty. Source: Wilson 1927, "Probable inference"."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final

_Z_95: Final = 1.959963984540054


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval, all in 0..1; None where undefined."""

    value: float | None
    low: float | None = None
    high: float | None = None


def wilson(successes: int, trials: int) -> Estimate:
    """A proportion with Wilson's score interval."""
    if trials == 0:
        return Estimate(None)
    share, square = successes / trials, _Z_95**2
    centre = (share + square / (2 * trials)) / (1 + square / trials)
    spread = sqrt(share * (1 - share) / trials + square / (4 * trials**2))
    half = _Z_95 * spread / (1 + square / trials)
    # Rounding may leave the interval of 0 or 1 a hair off the proportion itself.
    low, high = min(centre - half, share), max(centre + half, share)
    return Estimate(share, max(low, 0.0), min(high, 1.0))
