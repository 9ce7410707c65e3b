"""Pieces that stand in a row like letters do, told from wires, ribs and lead markers.

The limits were found on one half of 905 films of the development data, by patient, with drawn names
on them; what they reach on the other half is in docs/viewer.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from images.burned_in.strokes import (
    AREA,
    BOTTOM,
    LEFT,
    RIGHT,
    RUNS,
    STRENGTH,
    TOP,
    Numbers,
    linked,
    spread,
)

# Heights of letters, in pixels of the reduced film.
SHORTEST, TALLEST = 5, 64
MOST_LETTERS: Final = 3000
# Of a line that is suspected, and of one beside it.
FEWEST_STROKES: Final = 4.5
FEWEST_BESIDE: Final = 2.5


@dataclass(frozen=True)
class Line:
    """Measures of one row of pieces; ``tops``, ``bottoms`` and ``tall`` in heights of its letters.

    ``strokes``: how many strokes a cut along the row crosses. ``tops``, ``bottoms``: how far they
    are from one level. ``is_upright``: the row runs down the film instead of along it.
    """

    box: tuple[float, float, float, float]
    letters: int
    strokes: float
    aspect: float
    fill: float
    tops: float
    bottoms: float
    tall: float
    strength: float
    strength_spread: float
    is_upright: bool

    @property
    def is_writing(self) -> bool:
        if min(self.tops, self.bottoms) > 0.2 or max(self.tops, self.bottoms) > 0.35:
            return False
        return self._has_letters or self._has_words or self._is_neat

    @property
    def may_go_on(self) -> bool:
        """Too little to suspect a film of, but enough beside what is writing: a word, a number."""
        return min(self.tops, self.bottoms) <= 0.2 and self.tall <= 2.5

    @property
    def _has_letters(self) -> bool:
        enough = self.strokes >= (7 if self.is_upright else 5.2)
        return enough and self.letters >= 4 and self.tall <= 2.5 and self.aspect >= 2

    @property
    def _has_words(self) -> bool:
        """Small letters run into each other: few pieces, but crossed as often as writing is."""
        per_height = self.strokes / self.aspect
        enough = self.strokes >= (9 if self.is_upright else 8) and self.aspect >= 3.3
        return enough and 1.1 <= per_height <= 3.6 and self.tall <= 2 and self.fill >= 0.2

    @property
    def _is_neat(self) -> bool:
        """Few strokes, but set as only a machine sets them."""
        level = max(self.tops, self.bottoms) <= 0.05 and self.strength_spread < 0.12
        enough = self.strokes >= 4.5 and self.letters >= 4 and self.aspect >= 2
        return enough and level and self.strength > 0.35 * 255 and not self.is_upright


def lines(pieces: Numbers, *, is_upright: bool, fewest: float = FEWEST_STROKES) -> Iterator[Line]:
    """Rows of pieces crossed at least `fewest` times; for upright ones the picture is turned."""
    letters = _like_letters(pieces)
    if not len(letters):
        return
    label = _rows(letters)
    strokes = np.bincount(label, letters[:, RUNS] / _heights(letters))
    for number in np.flatnonzero(strokes >= fewest):
        yield _measured(letters[label == number], float(strokes[number]), is_upright)


def _heights(pieces: Numbers) -> Numbers:
    return pieces[:, BOTTOM] - pieces[:, TOP]


def _like_letters(pieces: Numbers) -> Numbers:
    """By their size and shape, from left to right; of too many the strongest."""
    height, width = _heights(pieces), pieces[:, RIGHT] - pieces[:, LEFT]
    has_holes = (width <= 14 * height) & (pieces[:, AREA] <= 0.9 * height * width + 6)
    kept = pieces[(height >= SHORTEST) & (height <= TALLEST) & (has_holes | (2 * width <= height))]
    if len(kept) > MOST_LETTERS:
        kept = kept[np.argsort(-kept[:, STRENGTH], kind="stable")[:MOST_LETTERS]]
    return kept[np.argsort(kept[:, LEFT], kind="stable")]


def _rows(letters: Numbers) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Neighbours are of like height and strength, side by side and no wide gap apart."""
    reach = np.searchsorted(letters[:, LEFT], letters[:, RIGHT] + TALLEST).astype(np.int64)
    one, other = spread(np.arange(1, len(letters) + 1), reach)
    left, right = letters[one], letters[other]
    tall = np.maximum(_heights(left), _heights(right))
    short = np.minimum(_heights(left), _heights(right))
    strong = np.maximum(left[:, STRENGTH], right[:, STRENGTH])
    weak = np.minimum(left[:, STRENGTH], right[:, STRENGTH])
    beside = np.minimum(left[:, BOTTOM], right[:, BOTTOM]) - np.maximum(left[:, TOP], right[:, TOP])
    is_near = right[:, LEFT] - left[:, RIGHT] <= 0.95 * tall
    near = is_near & (beside >= 0.55 * short) & (tall <= 2.3 * short) & (strong <= 1.7 * weak)
    return linked(one[near], other[near], len(letters))


def _measured(row: Numbers, strokes: float, is_upright: bool) -> Line:
    left, top = row[:, LEFT].min(), row[:, TOP].min()
    right, bottom = row[:, RIGHT].max(), row[:, BOTTOM].max()
    letter = float(np.median(_heights(row)))
    strength = float(row[:, STRENGTH].mean())
    box = (left, top, right, bottom)
    return Line(
        box=(box[1], box[0], box[3], box[2]) if is_upright else box,
        letters=len(row),
        strokes=strokes,
        aspect=float((right - left) / (bottom - top)),
        fill=float(row[:, AREA].sum() / ((right - left) * (bottom - top))),
        tops=_off_level(row[:, TOP]) / letter,
        bottoms=_off_level(row[:, BOTTOM]) / letter,
        tall=float(bottom - top) / letter,
        strength=strength,
        strength_spread=float(row[:, STRENGTH].std()) / strength,
        is_upright=is_upright,
    )


def _off_level(edges: Numbers) -> float:
    return float(np.median(np.abs(edges - np.median(edges))))
