"""How a figure grows with the number of cases: AUC(n) = limit - scale * n^(-power).

Source: the inverse power law of learning curves, Cortes et al. 1993 (NIPS 6) and Figueroa et al.
2012 (BMC Med Inform Decis Mak 12:8). For one power the rest is linear least squares, so that a
thousand curves are fitted at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

POWERS: Final = np.linspace(0.1, 2.0, 39)


@dataclass(frozen=True)
class PowerLaw:
    """(B,) curves; ``limit`` at most 1, ``scale`` at least 0."""

    limit: Floats
    scale: Floats
    power: Floats

    def gain(self, now: float, more: float) -> Floats:
        """(B,) what ``more`` cases would add to ``now`` of them."""
        return self.scale * (now**-self.power - (now + more) ** -self.power)


def fit_power_law(cases: Floats, areas: Floats, weights: Floats) -> PowerLaw:
    """(S,) numbers of cases and (B, S) areas found with them; ``weights`` (S,) of each number.

    A curve that falls has no scale: its limit is then the weighted mean.
    """
    share = weights / weights.sum()
    best = np.full(len(areas), np.inf)
    limit, scale, power = (np.zeros(len(areas)) for _ in range(3))
    for candidate in POWERS:
        terms = cases**-candidate
        a, b = _line(terms, areas, share)
        error = ((areas - (a[:, None] - b[:, None] * terms)) ** 2) @ share
        better = error < best - 1e-15
        best[better] = error[better]
        limit[better], scale[better], power[better] = a[better], b[better], candidate
    return PowerLaw(limit, scale, power)


def _line(terms: Floats, areas: Floats, share: Floats) -> tuple[Floats, Floats]:
    """Limit and scale of least squares under limit <= 1 and scale >= 0."""
    scale = np.maximum(scale_of(terms, areas, share), 0.0)
    limit = areas @ share + scale * (terms @ share)
    over = limit > 1.0
    bounded = np.maximum(((1.0 - areas) * terms) @ share / ((terms**2) @ share), 0.0)
    return np.where(over, 1.0, limit), np.where(over, bounded, scale)


def scale_of(terms: Floats, areas: Floats, share: Floats) -> Floats:
    """The slope of (B, S) ``areas`` over the falling ``terms``, (S,) or (B, S), as a rise."""
    centre = np.sum(terms * share, axis=-1, keepdims=True)
    apart = terms - centre
    middle = (areas @ share)[:, None]
    return -np.asarray(((areas - middle) * apart) @ share / ((apart**2) @ share))
