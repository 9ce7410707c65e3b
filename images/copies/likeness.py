"""Which of many sketches show the same picture as one that is at hand.

Three sieves, each finer and dearer: words that differ in few bits, cosines of the windows of a
coarse grid, cosines of windows fitted to a hundredth of the side.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from images.copies.sketch import BAND_BITS, BANDS, Floats, Window, transformed, unpacked
from images.copies.sketch import weighted as weighted_rows
from images.copies.sketch import words as words_of

# Margins of the windows that are tried: 0 to 20 % on each side, 2 % off at most.
MARGINS: Final = (0.02, 0.06, 0.10, 0.14, 0.18)
GRID: Final[tuple[Window, ...]] = tuple((low, high) for low in MARGINS for high in MARGINS)
STEPS: Final = (-0.02, -0.01, 0.0, 0.01, 0.02)
ROUNDS: Final = 2
# Bits in which the words of copies differ at most: 998 of 1000 crops of 5 to 10 % do so.
NEAR_BITS: Final = 8
# What copies reach on the coarse grid (0.76 at least), and other pictures rarely.
COARSE: Final = 0.74
# The same picture. Of 409,060 pairs of development films the likest two that are not the same film
# reach 0.933; re-saves, other sizes, brightness, gamma and crops of up to 10 % a side reach 0.963.
COPY: Final = 0.96
# Rows whose distances to all words are in the processor's cache together.
ROWS_AT_ONCE: Final = 128
# The best of the coarse sieve that are fitted: bounds the time of a picture like thousands.
FITTED: Final = 200


@dataclass(frozen=True)
class Found:
    """`place` in the sketches that were offered; `likeness` -1..1, COPY or more is a copy."""

    place: int
    likeness: float


@dataclass(frozen=True)
class Asked:
    """A picture that is looked for, (SIDE, SIDE) as `grey_square` gives it."""

    square: Floats

    @cached_property
    def cosines(self) -> Floats:
        return transformed(self.square, list(GRID), list(GRID))

    @cached_property
    def words(self) -> NDArray[np.uint64]:
        return np.unique(words_of(self.cosines))

    @cached_property
    def windows(self) -> Floats:
        return weighted_rows(self.cosines)

    def bands(self, number: int) -> list[int]:
        """Values of band `number` that a copy may have."""
        shift, mask = np.uint64(BAND_BITS * number), np.uint64((1 << BAND_BITS) - 1)
        return [int(value) for value in np.unique(self.words >> shift & mask)]

    def near(self, bands: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Of (N, BANDS) kept bands: whether some window's word differs in NEAR_BITS or less."""
        shifts = np.arange(BANDS, dtype=np.uint64) * np.uint64(BAND_BITS)
        kept = np.bitwise_or.reduce(bands.astype(np.uint64) << shifts, axis=1)
        parts = [kept[start : start + ROWS_AT_ONCE] for start in range(0, len(kept), ROWS_AT_ONCE)]
        bits = [np.bitwise_count(part[:, None] ^ self.words).min(axis=1) for part in parts]
        return np.concatenate(bits) <= NEAR_BITS if bits else np.zeros(0, np.bool_)


def likely(asked: Asked, coefficients: Sequence[bytes]) -> list[Found]:
    """The offered sketches whose picture is that of `asked`, the likest first."""
    if not coefficients:
        return []
    kept = unpacked(list(coefficients))
    coarse = asked.windows @ kept.T
    best = coarse.max(axis=0)
    order = np.argsort(-best)[:FITTED]
    fitted = [
        Found(int(place), _fitted(asked, kept[place], int(coarse[:, place].argmax())))
        for place in order[best[order] >= COARSE]
    ]
    return sorted((f for f in fitted if f.likeness >= COPY), key=lambda found: -found.likeness)


def _fitted(asked: Asked, kept: Floats, start: int) -> float:
    """The highest likeness near window `start` of the grid, found side by side in turns."""
    row, column = GRID[start // len(GRID)], GRID[start % len(GRID)]
    best = -1.0
    for _ in range(ROUNDS):
        rows, columns = _around(row), _around(column)
        down = weighted_rows(transformed(asked.square, rows, [column])) @ kept
        row = rows[int(down.argmax())]
        across = weighted_rows(transformed(asked.square, [row], columns)) @ kept
        column = columns[int(across.argmax())]
        best = max(best, float(across.max()))
    return best


def _around(window: Window) -> list[Window]:
    low, high = window
    moved = [(round(low + a, 3), round(high + b, 3)) for a in STEPS for b in STEPS]
    return [(low, high) for low, high in moved if low >= 0 and high >= 0]
