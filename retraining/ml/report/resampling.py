"""Patients drawn again and again, all draws at once (cluster bootstrap).

Source: Efron and Tibshirani 1993, percentile interval; Field and Welsh 2007 for drawing clusters
whole. A draw in which a figure is undefined says nothing and is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from inference.ml.proportion import Estimate, wilson
from retraining.ml.curves import Ranked

Floats = npt.NDArray[np.float64]

DRAWS: Final = 1000
# Weights at once: 2 MB in double precision, which a processor keeps near.
_CELLS: Final = 1 << 18


class PatientDraws:
    """``DRAWS`` resamples of the patients of N radiographs; the same seed, the same draws."""

    def __init__(self, groups: Sequence[str], *, seed: int = 0, draws: int = DRAWS) -> None:
        names, self.patient_of = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
        self.patients, self.draws = len(names), draws
        self._times = _times(len(names), draws, seed)

    def weights(self) -> Iterator[tuple[slice, Floats]]:
        """How often each radiograph was drawn: rows of (draws, N), a block at a time."""
        step = max(1, _CELLS // max(1, len(self.patient_of)))
        for top in range(0, self.draws, step):
            block = slice(top, min(top + step, self.draws))
            yield block, self._times[block][:, self.patient_of].astype(np.float64)

    def of(self, figure: Callable[[Floats], Floats], width: int = 1) -> Floats:
        """(draws, width) values of ``figure``, which turns (b, N) weights into (b, width)."""
        found = np.full((self.draws, width), np.nan)
        for block, weights in self.weights():
            found[block] = figure(weights).reshape(-1, width)
        return found


def _times(patients: int, draws: int, seed: int) -> npt.NDArray[np.uint16]:
    """(draws, patients): how often each patient was drawn."""
    random, times = np.random.default_rng(seed), np.empty((draws, patients), np.uint16)
    for row in range(draws if patients else 0):
        drawn = random.integers(0, patients, patients)
        times[row] = np.bincount(drawn, minlength=patients)
    return times


def areas(ranked: Ranked, weights: Floats) -> Floats:
    """(b, N) weights to (b,) areas under the ROC curve, ties half; NaN without both classes."""
    places = np.flatnonzero(ranked.positive)
    if not len(places):
        return np.full(len(weights), np.nan)
    weight = weights[:, ranked.order]
    positive = weight[:, places]
    weight[:, places] = 0.0
    # Negatives below each place, with the empty sum in front.
    below = np.zeros((len(weights), len(ranked.order) + 1))
    np.cumsum(weight, axis=1, out=below[:, 1:])
    tie = np.searchsorted(ranked.starts, places, side="right") - 1
    first, end = ranked.starts[tie], np.append(ranked.starts, len(ranked.order))[tie + 1]
    lost = below[:, first]
    if (end - first > 1).any():
        lost = (lost + below[:, end]) / 2
    return ratio(np.einsum("bn,bn->b", positive, lost), positive.sum(axis=1) * below[:, -1])


def ratio(part: Floats, whole: Floats) -> Floats:
    """Share by share; NaN where there is no whole."""
    none = np.full(np.broadcast_shapes(np.shape(part), np.shape(whole)), np.nan)
    return np.asarray(np.divide(part, whole, out=none, where=np.asarray(whole) > 0))


def estimate(value: float | None, drawn: Floats, patients: int | None = None) -> Estimate:
    """A figure with the percentile interval of its draws (B,).

    A figure of exactly 0 or 1 never varies when it is drawn again; its open end is then Wilson's
    for ``patients``, those that the figure is about, None for a figure that is no share.
    """
    if value is None or not np.isfinite(value):
        return Estimate(None)
    value = float(value)
    kept = drawn[np.isfinite(drawn)]
    if patients and value in (0.0, 1.0):
        exact = wilson(round(value * patients), patients)
        return Estimate(value, exact.low, exact.high)
    if not len(kept):
        return Estimate(value)
    low, high = np.quantile(kept, (0.025, 0.975))
    return Estimate(value, min(float(low), value), max(float(high), value))


def told(found: Estimate) -> dict[str, float | None]:
    """JSON of an estimate."""
    return {"value": tidy(found.value), "low": tidy(found.low), "high": tidy(found.high)}


def tidy(value: Any) -> float | None:
    """A float of six digits, None for what is undefined."""
    return None if value is None or not np.isfinite(value) else round(float(value), 6)
