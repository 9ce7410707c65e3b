"""Films with the lungs, or with the borders, hidden: what is left for a model to answer from.

An atlas, not a segmentation: two ellipses where the lungs of an upright frontal film lie, whoever
is on it. They cover most of both lungs of most films, and some of heart and ribs; a rotated or a
tightly cropped film keeps part of its lungs. The frame takes 12 % of each side: markers, text,
collimation. What is hidden is filled with what lies around it, blurred: not one of its pixels has
a say in the fill.

Sources of the idea: Maguolo and Nanni 2021 (Inf Fusion 76:1), who hid the lungs and still told the
collections apart; DeGrave, Janizek and Lee 2021. The fill is normalised convolution (Knutsson and
Westin 1993).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

Grey = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

FRAME: Final = 0.12
LUNGS: Final = "lungs"
BORDERS: Final = "borders"
# Part of a cache key: another region or another fill needs another number.
HIDING_VERSION: Final = "1"
# Width of the blur, in parts of a side: wide enough to reach the middle of an ellipse.
_BLUR: Final = 0.08


@dataclass(frozen=True)
class _Ellipse:
    """All in parts of the side, rows from the top, columns from the left; ``tilt`` in radians."""

    row: float
    column: float
    half_height: float
    half_width: float
    tilt: float


_LUNG_REGIONS: Final = (
    _Ellipse(0.46, 0.29, 0.35, 0.19, 0.12),
    _Ellipse(0.46, 0.71, 0.35, 0.19, -0.12),
)


@lru_cache(maxsize=8)
def region(name: str, side: int) -> Mask:
    """(side, side) True where "lungs" or "borders" are hidden. Raises KeyError for another name."""
    return {LUNGS: _lungs, BORDERS: _borders}[name](side)


def hide(grey: Grey, name: str) -> Grey:
    """A film (side, side) in 0..1 with a region filled from outside of it; the rest is unchanged.

    Raises ValueError for a film that is not square, KeyError for an unknown region.
    """
    if grey.ndim != 2 or grey.shape[0] != grey.shape[1]:
        raise ValueError(f"expected (side, side), got {grey.shape}")
    hidden = region(name, grey.shape[0])
    return np.where(hidden, _from_outside(grey, ~hidden), grey).astype(np.float32)


def _from_outside(grey: Grey, seen: Mask) -> Grey:
    """Each pixel as a mean of the seen ones, the near ones counting most."""
    width = _BLUR * len(grey)
    values = gaussian_filter(np.where(seen, grey, 0.0).astype(np.float64), width, truncate=8.0)
    weight = gaussian_filter(seen.astype(np.float64), width, truncate=8.0)
    return np.asarray(np.clip(values / np.maximum(weight, 1e-12), 0.0, 1.0), dtype=np.float32)


def _lungs(side: int) -> Mask:
    rows, columns = (np.mgrid[:side, :side] + 0.5) / side
    hidden = np.zeros((side, side), bool)
    for each in _LUNG_REGIONS:
        down, right = rows - each.row, columns - each.column
        cosine, sine = np.cos(each.tilt), np.sin(each.tilt)
        along, across = down * cosine - right * sine, down * sine + right * cosine
        hidden |= (along / each.half_height) ** 2 + (across / each.half_width) ** 2 <= 1.0
    return hidden


def _borders(side: int) -> Mask:
    width = round(FRAME * side)
    hidden = np.ones((side, side), bool)
    hidden[width : side - width, width : side - width] = False
    return hidden
