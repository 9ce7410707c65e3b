"""Copies of a radiograph's grey input: such as another machine might have made, or spoilt ones.

All take and give float32 (224, 224) in 0..1, as ``preprocess.grey_input`` makes them; what was
changed is rounded to 256 greys, as a file would hold it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

Grey = npt.NDArray[np.float32]
Random = np.random.Generator

DEGREES: Final = 5.0
MARGIN: Final = 0.06
LEVELS: Final = 0.08
GAMMA: Final = (0.75, 1.35)


def mildly_changed(grey: Grey, random: Random) -> Grey:
    """A little turned, cut or framed, of another contrast, half of them mirrored: as it might be
    from another hospital. It is a frontal radiograph still."""
    side = len(grey)
    image = _image(grey).rotate(
        float(random.uniform(-DEGREES, DEGREES)), Image.Resampling.BILINEAR, fillcolor=0
    )
    left, top, right, bottom = random.uniform(-MARGIN, MARGIN, 4) * side
    box = (int(left), int(top), int(side + right), int(side + bottom))
    image = image.crop(box).resize((side, side), Image.Resampling.BILINEAR)
    if random.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return _graded(_grey(image), random)


def turned(grey: Grey, quarters: int) -> Grey:
    return np.ascontiguousarray(np.rot90(grey, quarters))


def inverted(grey: Grey) -> Grey:
    return np.float32(1) - grey


def side_by_side(left: Grey, right: Grey) -> Grey:
    """Two films in one picture."""
    side = len(left)
    half = (side // 2, side)
    parts = [_grey(_image(grey).resize(half, Image.Resampling.BILINEAR)) for grey in (left, right)]
    return np.concatenate(parts, axis=1)


def close_up(grey: Grey, random: Random) -> Grey:
    """A third to four ninths of each side, anywhere."""
    side = len(grey)
    size = int(random.integers(side // 3, 4 * side // 9))
    top, left = random.integers(0, side - size, 2)
    part = _image(grey[top : top + size, left : left + size])
    return _grey(part.resize((side, side), Image.Resampling.BILINEAR))


def _graded(grey: Grey, random: Random) -> Grey:
    low, high = random.uniform(0, LEVELS), random.uniform(1 - LEVELS, 1)
    if random.random() < 0.5:
        grey = np.clip((grey - low) / (high - low), 0, 1)
    else:
        grey = low + grey * (high - low)
    return _grey(_image(grey ** random.uniform(*GAMMA)))


def _image(grey: npt.NDArray[np.floating]) -> Image.Image:
    return Image.fromarray(np.rint(np.clip(grey, 0, 1) * 255).astype(np.uint8))


def _grey(image: Image.Image) -> Grey:
    return np.asarray(image, dtype=np.float32) / np.float32(255)
