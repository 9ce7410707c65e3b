"""Letters beside each other: of like height and strength, side by side and no wide gap apart."""

from __future__ import annotations

from typing import Final

import numpy as np

from images.burned_in.strokes import Numbers, Whole, linked, spread

# Height of the tallest letters, in pixels of the reduced film; none is further from its neighbour.
TALLEST: Final = 64
# In heights of the taller letter, and at least so much of the shorter one is beside it.
GAP: Final = 0.95
BESIDE: Final = 0.55
# So many times as tall and as strong one may be as the other.
TALLER: Final = 2.3
STRONGER: Final = 1.7


def rows(letters: Numbers) -> Whole:
    """The number of the row of each letter; they come picture by picture, from left to right."""
    left, top, right, bottom, _, _, strength, picture = np.ascontiguousarray(letters.T)
    height = bottom - top
    # The pictures beside each other, too far apart for any letters to be near.
    place = left + picture * (right.max() + TALLEST + 1)
    reach = np.searchsorted(place, place + (right - left) + TALLEST).astype(np.int64)
    one, other = spread(np.arange(1, len(letters) + 1), reach)
    tall = np.maximum(height[one], height[other])
    near = np.flatnonzero(left[other] - right[one] <= GAP * tall)
    one, other, tall = one[near], other[near], tall[near]
    short = np.minimum(height[one], height[other])
    strong = np.maximum(strength[one], strength[other])
    weak = np.minimum(strength[one], strength[other])
    beside = np.minimum(bottom[one], bottom[other]) - np.maximum(top[one], top[other])
    like = (beside >= BESIDE * short) & (tall <= TALLER * short) & (strong <= STRONGER * weak)
    return linked(one[like], other[like], len(letters))
