"""Strokes, pieces and rows by the library of `images.native_library` where it is built, else by
NumPy: the same numbers either way."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np

from images import native_library
from images.burned_in import neighbours
from images.burned_in import strokes as plain
from images.burned_in.strokes import LEFT, MOST, PICTURE, Grey, Numbers, Whole

NEARNESS: Final = np.array(
    [neighbours.TALLEST, neighbours.GAP, neighbours.BESIDE, neighbours.TALLER, neighbours.STRONGER]
)
# Of the drawn picture that is tried: few of its pixels reach one, and too many the other.
DRAWN_LEVELS: Final = (30, 100)

logger = logging.getLogger(__name__)


def strokes(grey: Grey) -> tuple[Grey, Grey]:
    """As `images.burned_in.strokes.strokes`."""
    if is_used():
        return native_library.strokes(np.ascontiguousarray(grey))
    return plain.strokes(grey)


def pieces(strengths: Sequence[Grey], levels: Sequence[int]) -> Numbers:
    """As `images.burned_in.strokes.pieces`."""
    return _pieces(strengths, levels) if is_used() else plain.pieces(strengths, levels)


def rows(letters: Numbers) -> Whole:
    """As `images.burned_in.neighbours.rows`."""
    if is_used():
        return native_library.rows(np.ascontiguousarray(letters), NEARNESS)
    return neighbours.rows(letters)


def is_used() -> bool:
    """Whether there is a library, and it does what NumPy does."""
    return native_library.is_built() and _is_sound()


def _pieces(strengths: Sequence[Grey], levels: Sequence[int]) -> Numbers:
    tables: list[Numbers] = []
    for strength in map(np.ascontiguousarray, strengths):
        reached, bearable = _reached(strength, levels)
        for level in bearable:
            tables.append(native_library.pieces(strength, level, reached, 2 * len(tables)))
    standing = [table[: len(table) // 2] for table in tables]
    return np.concatenate([*standing, *(table[len(table) // 2 :] for table in tables)])


def _reached(strength: Grey, levels: Sequence[int]) -> tuple[native_library.Places, list[int]]:
    """Places in the flat picture that reach the lowest level, and the levels that are bearable."""
    found = native_library.places(strength, min(levels), int(MOST * strength.size))
    if found is not None:
        return found, sorted(set(levels))
    flat = strength.ravel()
    bearable = sorted({plain.bearable(flat, level, flat.size) for level in levels})
    return np.flatnonzero(flat >= bearable[0]).astype(np.uint32), bearable


@cache
def _is_sound() -> bool:
    """One drawn picture is tried in each process, as the library's other functions are."""
    drawn = np.random.default_rng(40).normal(120, 12, (83, 157)).clip(0, 255).astype(np.uint8)
    drawn[30:45, 20:140:4] = 255
    found = plain.strokes(drawn)
    table = plain.pieces(found, DRAWN_LEVELS)
    table = table[np.lexsort((table[:, LEFT], table[:, PICTURE]))]
    is_sound = (
        np.array_equal(native_library.strokes(drawn), found)
        and np.array_equal(_pieces(found, DRAWN_LEVELS), plain.pieces(found, DRAWN_LEVELS))
        and np.array_equal(native_library.rows(table, NEARNESS), neighbours.rows(table))
    )
    if not is_sound:
        logger.error("compiled library computes wrongly, not used library=images.native")
    return is_sound
