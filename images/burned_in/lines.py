"""Pieces that stand in a row like letters do, told from wires, ribs and lead markers.

The limits were found on one half of 905 films of the development data, by patient, with drawn names
on them; what they reach on the other half is in docs/viewer.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from images.burned_in.compiled import rows
from images.burned_in.neighbours import TALLEST
from images.burned_in.strokes import (
    AREA,
    BOTTOM,
    LEFT,
    PICTURE,
    RIGHT,
    RUNS,
    STRENGTH,
    TOP,
    Numbers,
)

# Height of the shortest letters, in pixels of the reduced film.
SHORTEST: Final = 5
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


class Rows:
    """Letters of all pictures, each with the number of its row (``label``) and how often a cut
    along each row crosses strokes (``strokes``)."""

    def __init__(self, pieces: Numbers) -> None:
        self.letters = _like_letters(pieces)
        self.label = rows(self.letters) if len(self.letters) else np.empty(0, np.int64)
        crossed = self.letters[:, RUNS] / _heights(self.letters)
        self.strokes = np.bincount(self.label, crossed)

    def lines(self, fewest: float = FEWEST_STROKES) -> Iterator[Line]:
        """Rows that are crossed at least `fewest` times."""
        for number in np.flatnonzero(self.strokes >= fewest):
            yield _measured(self.letters[self.label == number], float(self.strokes[number]))


def _heights(pieces: Numbers) -> Numbers:
    return pieces[:, BOTTOM] - pieces[:, TOP]


def _like_letters(pieces: Numbers) -> Numbers:
    """By their size and shape, from left to right, picture by picture."""
    height, width = _heights(pieces), pieces[:, RIGHT] - pieces[:, LEFT]
    has_holes = (width <= 14 * height) & (pieces[:, AREA] <= 0.9 * height * width + 6)
    like = (height >= SHORTEST) & (height <= TALLEST) & (has_holes | (2 * width <= height))
    kept = _strongest(pieces[like])
    return kept[np.lexsort((kept[:, LEFT], kept[:, PICTURE]))]


def _strongest(letters: Numbers) -> Numbers:
    """Of a picture with too many the strongest."""
    picture = letters[:, PICTURE].astype(np.int64)
    counts = np.bincount(picture, minlength=1)
    if counts.max() <= MOST_LETTERS:
        return letters
    each = [letters[picture == number] for number in range(len(counts))]
    return np.concatenate(
        [one[np.argsort(-one[:, STRENGTH], kind="stable")[:MOST_LETTERS]] for one in each]
    )


def _measured(row: Numbers, strokes: float) -> Line:
    left, top = row[:, LEFT].min(), row[:, TOP].min()
    right, bottom = row[:, RIGHT].max(), row[:, BOTTOM].max()
    letter = _middle(_heights(row))
    strength = float(row[:, STRENGTH].mean())
    is_upright = bool(row[0, PICTURE] % 2)
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
    return _middle(np.abs(edges - _middle(edges)))


def _middle(values: Numbers) -> float:
    """The median; numpy's own costs ten times as much for a dozen values."""
    ordered = np.sort(values)
    count = len(ordered)
    return float(ordered[(count - 1) // 2] + ordered[count // 2]) / 2
