"""Is there writing in the picture? Boxes around it, quickly enough to look at every upload.

Names and dates that a device burned into the pixels stand in rows of thin strokes of one strength;
a lead marker has one to three letters. So no model is needed: docs/viewer.md has the figures.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from PIL import Image

from images.burned_in.compiled import pieces, strokes
from images.burned_in.lines import FEWEST_BESIDE, Line, Rows
from images.burned_in.strokes import Grey
from images.radiograph import Pixels, RadiographPixels

# [left, top, width, height] in pixels of the whole picture.
Box = list[int]
# Left, top, right and bottom, in pixels of the reduced film.
Edges = tuple[float, ...]

LONG_SIDE: Final = 1000
# Faint writing, and strong writing over a busy ground.
LEVELS: Final = (40, 100)
# Of a letter's height, on each side of a line: accents and commas are no part of it.
MARGIN: Final = 0.3
# So many heights away a line is of the same block of writing.
BESIDE: Final = 1.2
MOST_BOXES: Final = 40


def find_writing(pixels: RadiographPixels) -> list[Box]:
    """Boxes around lines of writing, from the top down; none where none is suspected.

    It finds writing of four characters and more, along or down the film, whose letters are about
    5 to 64 pixels high when the film's longer side is about 1000. It reads nothing.
    """
    grey, factor = _reduced(pixels)
    rows = Rows(pieces(strokes(grey), LEVELS))
    found = _joined([_margined(line) for line in rows.lines() if line.is_writing])
    if found:
        found += list(_beside(found, rows))
    boxes = [tuple(side * factor for side in box) for box in _joined(found)]
    return _within(boxes, pixels.width, pixels.height)[:MOST_BOXES]


def _reduced(pixels: RadiographPixels) -> tuple[Grey, int]:
    """The film as it is shown, grey, its longer side 650 to 1300 pixels where it has them."""
    short, long = sorted((pixels.width, pixels.height))
    factor = min(short, max(1, round(long / LONG_SIDE + 0.2)))
    array = pixels.array
    if array.dtype == np.uint16:
        small = RadiographPixels(_mean_of_blocks(array, factor), pixels.low, pixels.high)
        return small.to_display(), factor
    fewer = np.array(Image.fromarray(array).reduce(factor)) if factor > 1 else array
    shown = RadiographPixels(fewer, pixels.low, pixels.high).to_display()
    return (shown if shown.ndim == 2 else np.array(Image.fromarray(shown).convert("L"))), factor


def _mean_of_blocks(array: Pixels, factor: int) -> Pixels:
    height, width = (side // factor * factor for side in array.shape)
    whole = array[:height, :width]
    # Whole rows first: numpy adds neighbours in memory several times faster than every other one.
    rows = np.zeros((height // factor, width), np.uint32)
    for row in range(factor):
        rows += whole[row::factor]
    total = np.zeros((height // factor, width // factor), np.uint32)
    for column in range(factor):
        total += rows[:, column::factor]
    return (total // np.uint32(factor**2)).astype(np.uint16)


def _margined(line: Line, share: float = MARGIN) -> Edges:
    left, top, right, bottom = line.box
    margin = share * min(right - left, bottom - top) + 1
    return left - margin, top - margin, right + margin, bottom + margin


def _beside(found: list[Edges], rows: Rows) -> Iterator[Edges]:
    """Words and numbers next to what was found, too short to be found alone."""
    for line in rows.lines(FEWEST_BESIDE):
        near = _margined(line, BESIDE)
        if line.may_go_on and any(_overlap(near, box) for box in found):
            yield _margined(line)


def _joined(boxes: list[Edges]) -> list[Edges]:
    """Boxes that overlap become one: the same line is found by two levels and both contrasts."""
    apart: list[Edges] = []
    for box in sorted(boxes):
        while touching := next((each for each in apart if _overlap(each, box)), None):
            apart.remove(touching)
            pairs = list(zip(touching, box, strict=True))
            box = (*map(min, pairs[:2]), *map(max, pairs[2:]))
        apart.append(box)
    return sorted(apart, key=lambda box: (box[1], box[0]))


def _overlap(one: Edges, other: Edges) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _within(boxes: list[Edges], width: int, height: int) -> list[Box]:
    cut = [
        (max(0, int(left)), max(0, int(top)), min(width, round(right)), min(height, round(bottom)))
        for left, top, right, bottom in boxes
    ]
    return [[left, top, right - left, bottom - top] for left, top, right, bottom in cut]
