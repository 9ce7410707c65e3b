"""Thin bright and dark strokes of a grey picture, and the pieces that hang together.

Letters are strokes of nearly one brightness, far brighter or darker than what lies around them. A
morphological top-hat (Serra 1982) keeps those and drops everything wider than its square.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Grey = NDArray[np.uint8]
Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]

# Wider than the strokes of the largest writing that is looked for, in pixels of the reduced film.
SQUARE: Final = 11
# With more strokes than this share of the picture it is grain: only the strongest are looked at.
MOST: Final = 0.06

# Columns of a table of pieces: box (right and bottom exclusive), pixels, how many runs of pixels
# its rows cut it into, and the mean strength of its strokes.
LEFT, TOP, RIGHT, BOTTOM, AREA, RUNS, STRENGTH = range(7)


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


def pieces(strength: Grey, level: int) -> Numbers:
    """Connected pieces (8 neighbours) of `strength` >= `level`: a table, one row a piece.

    Where more than MOST of the picture reaches `level`, it is raised until no more does.
    """
    mask = strength >= _bearable(strength, level)
    row, start, end = _runs(mask)
    if not len(row):
        return np.empty((0, 7))
    label = _labels(row, start, end, mask.shape[1])
    order = np.argsort(label, kind="stable")
    first = np.flatnonzero(np.diff(label[order], prepend=-1))
    length = end - start
    values = strength.ravel()[np.flatnonzero(mask.ravel())].astype(np.int64)
    total = np.add.reduceat(values, np.cumsum(length) - length)

    def each(combine: np.ufunc, of: Whole) -> Any:
        return combine.reduceat(of[order], first)

    area = each(np.add, length)
    columns = (
        each(np.minimum, start), each(np.minimum, row),
        each(np.maximum, end), each(np.maximum, row) + 1,
        area, np.diff(first, append=len(order)), each(np.add, total) / area,
    )  # fmt: skip
    return np.stack(columns, axis=1).astype(np.float64)


def _bearable(strength: Grey, level: int) -> int:
    most = MOST * strength.size
    if np.count_nonzero(strength >= level) <= most:
        return level
    reached = np.cumsum(np.bincount(strength.ravel(), minlength=256)[::-1])[::-1]
    return int(np.argmax(reached <= most)) or 256


def _runs(mask: NDArray[np.bool_]) -> tuple[Whole, Whole, Whole]:
    """Row, first column and end column (exclusive) of each run of set pixels, row by row."""
    height, width = mask.shape
    # An empty column between the rows ends every run with its row.
    apart = np.zeros((height, width + 1), np.bool_)
    apart[:, :width] = mask
    edges = np.flatnonzero(np.diff(apart.ravel(), prepend=False))
    row = edges[0::2] // (width + 1)
    return row, edges[0::2] - row * (width + 1), edges[1::2] - row * (width + 1)


def _labels(row: Whole, start: Whole, end: Whole, width: int) -> Whole:
    """The number of each run's piece: runs of neighbouring rows touch, also by a corner."""
    stride = width + 3
    below = np.searchsorted(row * stride + end, (row + 1) * stride + start)
    above = np.searchsorted(row * stride + start, (row + 1) * stride + end, side="right")
    one, other = spread(below, above)
    return linked(one, other, len(row))


def spread(first: Whole, end: Whole) -> tuple[Whole, Whole]:
    """All pairs (i, j) with first[i] <= j < end[i]."""
    count = np.maximum(end - first, 0)
    one = np.repeat(np.arange(len(count)), count)
    return one, np.arange(len(one)) - np.repeat(np.cumsum(count) - count, count) + first[one]


def linked(one: Whole, other: Whole, size: int) -> Whole:
    """The number of the group of each of `size` things, where pairs of them are linked."""
    links = coo_array((np.ones(len(one), np.bool_), (one, other)), shape=(size, size))
    labels: Whole = connected_components(links, directed=False)[1].astype(np.int64)
    return labels
