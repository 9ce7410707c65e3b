"""Thin bright and dark strokes of a grey picture, and the pieces that hang together.

Letters are strokes of nearly one brightness, far brighter or darker than what lies around them. A
morphological top-hat (Serra 1982) keeps those and drops everything wider than its square.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

Grey = NDArray[np.uint8]
Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]

# Wider than the strokes of the largest writing that is looked for, in pixels of the reduced film.
SQUARE: Final = 11
# With more strokes than this share of the picture it is grain: only the strongest are looked at.
MOST: Final = 0.06

# Columns of a table of pieces: box (right and bottom exclusive), pixels, how many runs of pixels
# its rows cut it into, the mean strength of its strokes, and the number of the picture it is in.
LEFT, TOP, RIGHT, BOTTOM, AREA, RUNS, STRENGTH, PICTURE = range(8)


class Morphology:
    """Minima and maxima over a square, in two buffers of their own.

    Fresh arrays of a megabyte each cost more (page faults) than all comparisons together.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self.padded = (shape[0] + SQUARE - 1, shape[1] + SQUARE - 1)
        size = self.padded[0] * self.padded[1]
        self.buffers = np.empty(size, np.uint8), np.empty(size, np.uint8)

    def lowest(self, grey: Grey) -> Grey:
        return self._over_square(grey, np.minimum, 255)

    def highest(self, grey: Grey) -> Grey:
        return self._over_square(grey, np.maximum, 0)

    def _over_square(self, grey: Grey, pick: np.ufunc, outside: int) -> Grey:
        now, then = self.buffers
        middle, (height, width) = SQUARE // 2, self.shape
        room = now.reshape(self.padded)
        room.fill(outside)
        room[middle : middle + height, middle : middle + width] = grey
        # Down the rows, then along them: in the flat array only the step differs.
        for step in (self.padded[1], 1):
            covered = 1
            while covered < SQUARE:
                more = min(covered, SQUARE - covered)
                shift = more * step
                pick(now[:-shift], now[shift:], out=then[:-shift])
                then[-shift:] = now[-shift:]
                now, then = then, now
                covered += more
        return now.reshape(self.padded)[:height, :width].copy()


def strokes(grey: Grey) -> tuple[Grey, Grey]:
    """White and black top-hat of uint8 (H, W): how far strokes stand out, 0..255."""
    over = Morphology(grey.shape)
    opened = over.highest(over.lowest(grey))
    closed = over.lowest(over.highest(grey))
    return grey - opened, closed - grey


@dataclass(frozen=True)
class Runs:
    """Runs of set pixels, row by row: row, first column, end column (exclusive), sum of strengths.

    The pictures lie below each other, an empty row between them; ``height`` is that of one picture
    with its empty row.
    """

    row: Whole
    start: Whole
    end: Whole
    total: Whole
    height: int


def pieces(strengths: Sequence[Grey], levels: Sequence[int]) -> Numbers:
    """Connected pieces (8 neighbours) of each strength >= each level: a table, one row a piece.

    Where more than MOST of a picture reaches a level, it is raised until no more does. Pictures
    with an even number are as they stand, those with an odd number are turned: columns are rows.

    All are labelled in one go: of a usual film each has some hundred runs, too few to be worth it.
    """
    reached = [each for strength in strengths for each in _reached(strength, levels)]
    runs = _runs(reached, *strengths[0].shape)
    if not len(runs.row):
        return np.empty((0, 8))
    one, other = _touching(runs)
    label = linked(one, other, len(runs.row))
    standing = _standing(runs, label)
    # Two runs below each other share as many runs of columns as they have columns in common.
    shared = np.minimum(runs.end[one], runs.end[other]) - np.maximum(
        runs.start[one], runs.start[other]
    )
    across = standing[:, AREA] - np.bincount(label[one], shared, len(standing))
    return np.concatenate([standing, _turned(standing, across, runs, label)])


def _reached(strength: Grey, levels: Sequence[int]) -> Iterator[tuple[Whole, Grey]]:
    """Places in the flat picture that reach each level, and their strengths."""
    flat = strength.ravel()
    places = np.flatnonzero(flat >= min(levels))
    values = flat[places]
    # Two levels raised to the same are one.
    for level in sorted({bearable(values, level, flat.size) for level in levels}):
        enough = values >= level
        yield places[enough], values[enough]


def bearable(values: Grey, level: int, size: int) -> int:
    """The level, or the one it is raised to; `values` are those of `size` that may reach it."""
    most = MOST * size
    if np.count_nonzero(values >= level) <= most:
        return level
    reached = np.cumsum(np.bincount(values, minlength=256)[::-1])[::-1]
    return int(np.argmax(reached <= most)) or 256


def _runs(reached: Sequence[tuple[Whole, Grey]], height: int, width: int) -> Runs:
    apart = (height + 1) * width
    place = np.concatenate([places + number * apart for number, (places, _) in enumerate(reached)])
    values = np.concatenate([values for _, values in reached]).astype(np.int64)
    row, column = np.divmod(place, width)
    # Places that follow each other are one run, unless a row ends between them.
    begins = np.flatnonzero((np.diff(place, prepend=-2) != 1) | (column == 0))
    start = column[begins]
    end = start + np.diff(begins, append=len(place))
    total = np.add.reduceat(values, begins) if len(begins) else values
    return Runs(row[begins], start, end, total, height + 1)


def _touching(runs: Runs) -> tuple[Whole, Whole]:
    """Pairs of runs of neighbouring rows that touch, also by a corner; the upper one first."""
    stride = int(runs.end.max()) + 3
    above = runs.row * stride
    first = np.searchsorted(above + runs.end, above + stride + runs.start)
    end = np.searchsorted(above + runs.start, above + stride + runs.end, side="right")
    return spread(first, end)


def _standing(runs: Runs, label: Whole) -> Numbers:
    """The pieces as they stand, in the order of their first runs."""
    count = int(label.max()) + 1
    left, top = np.full((2, count), np.iinfo(np.int64).max)
    right, bottom = np.zeros((2, count), np.int64)
    np.minimum.at(left, label, runs.start)
    np.minimum.at(top, label, runs.row)
    np.maximum.at(right, label, runs.end)
    np.maximum.at(bottom, label, runs.row + 1)
    area = np.bincount(label, runs.end - runs.start)
    strength = np.bincount(label, runs.total) / area
    picture = top // runs.height
    down = picture * runs.height
    columns = (
        left, top - down, right, bottom - down, area, np.bincount(label), strength, 2 * picture
    )  # fmt: skip
    return np.stack(columns, axis=1)


def _turned(standing: Numbers, across: Numbers, runs: Runs, label: Whole) -> Numbers:
    """The same pieces in the turned pictures, where `across` are their runs."""
    turned = standing[:, [TOP, LEFT, BOTTOM, RIGHT, AREA, RUNS, STRENGTH, PICTURE]]
    turned[:, RUNS] = across
    turned[:, PICTURE] += 1
    # In the order of their first runs there: by the column where they begin, then by the row.
    at_edge = runs.start == standing[label, LEFT]
    first = np.full(len(standing), np.iinfo(np.int64).max)
    np.minimum.at(first, label[at_edge], runs.row[at_edge])
    return turned[np.lexsort((first, turned[:, TOP], turned[:, PICTURE]))]


def spread(first: Whole, end: Whole) -> tuple[Whole, Whole]:
    """All pairs (i, j) with first[i] <= j < end[i], in the order of i."""
    count = np.maximum(end - first, 0)
    one = np.repeat(np.arange(len(count)), count)
    return one, np.arange(len(one)) - np.repeat(np.cumsum(count) - count, count) + first[one]


def linked(one: Whole, other: Whole, size: int) -> Whole:
    """The number of the group of each of `size` things, where pairs of them are linked.

    `one` is in order. Groups are numbered in the order of their first things.
    """
    # The arrays that a sparse matrix keeps: to have it sort pairs costs more than all the rest.
    ends = np.zeros(size + 1, np.int32)
    np.cumsum(np.bincount(one, minlength=size), out=ends[1:])
    links = csr_array((np.ones(len(one)), other.astype(np.int32), ends), shape=(size, size))
    labels: Whole = connected_components(links, directed=False)[1].astype(np.int64)
    return labels
