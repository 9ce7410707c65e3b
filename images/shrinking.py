"""Films made small for lists: the pixels of Pillow's `thumbnail`, and sooner where we can."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from images import native_library

Shown = NDArray[np.uint8]

GAP: Final = 2.0
# Films longer or larger than this are left to Pillow: of long ones it takes the rows first, which
# rounds otherwise, and of large ones the means of blocks, which is quick.
_LONGEST: Final = 1.8
_LARGEST: Final = 2 * GAP


def fitted(shown: Shown, side: int) -> Image.Image:
    """uint8 (H, W) or (H, W, 3), its longer side made `side` pixels; never made larger."""
    width, height = _sides(shown.shape[1], len(shown), side)
    if _is_usual(shown, width, height) and native_library.is_built():
        narrow = native_library.fewer_columns(np.ascontiguousarray(shown), width)
        return Image.fromarray(native_library.fewer_rows(narrow, height))
    image = Image.fromarray(shown)
    image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=GAP)
    return image


def _is_usual(shown: Shown, width: int, height: int) -> bool:
    down, across = len(shown) / height, shown.shape[1] / width
    short, long = sorted(shown.shape[:2])
    is_between = min(down, across) > 1 and max(down, across) < _LARGEST
    return shown.ndim == 2 and is_between and long < _LONGEST * short


def _sides(width: int, height: int, side: int) -> tuple[int, int]:
    """The longer one is `side`; the shorter one keeps the proportion best (as Pillow has it)."""
    aspect = width / height
    if aspect <= 1:
        near = (math.floor(side * aspect), math.ceil(side * aspect))
        return max(min(near, key=lambda n: abs(aspect - n / side)), 1), side
    near = (math.floor(side / aspect), math.ceil(side / aspect))
    return side, max(min(near, key=lambda n: abs(aspect - side / n) if n else 0), 1)
