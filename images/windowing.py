"""Window and level: which part of a radiograph's values is spread from black to white.

The linear function of DICOM (PS3.3 C.11.2.1.2.1), in the units of the stored pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from images.radiograph import Pixels, RadiographPixels

Shown = NDArray[np.uint8]
Name = Literal["stored", "full", "lung", "soft", "bone"]

# Shares of a film's values, in percent, that fill the range from black to white. Stored values have
# no unit that films of two devices share, so that a fixed centre would fit none of them.
SHARES: Final[dict[Name, tuple[float, float]]] = {
    "full": (0.0, 100.0),
    "lung": (1.0, 55.0),
    "soft": (25.0, 95.0),
    "bone": (60.0, 99.9),
}


@dataclass(frozen=True)
class Window:
    """``centre`` and ``width`` in stored units; ``width`` is at least 1, which gives two tones.

    Raises ValueError for anything else.
    """

    centre: float
    width: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.centre) and np.isfinite(self.width) and self.width >= 1):
            raise ValueError("a window has a finite centre and a width of 1 or more")

    @classmethod
    def between(cls, low: float, high: float) -> Window:
        """The window that shows ``low`` black and ``high`` white."""
        return cls((low + high) / 2 + 0.5, max(high - low, 0.0) + 1)


def window_of(pixels: RadiographPixels) -> Window:
    """The display range that is stored with the pixels."""
    return Window.between(pixels.low, pixels.high)


def presets(pixels: RadiographPixels) -> dict[Name, Window]:
    """The windows that a reader may choose from, by name."""
    counts = np.bincount(pixels.array.ravel(), minlength=2)
    if np.count_nonzero(counts) > 1:
        # What lies outside the field of the X-rays is one flat value and no part of the patient.
        counts[np.flatnonzero(counts)[0]] = 1
    reached = 100 * np.cumsum(counts) / counts.sum()
    found: dict[Name, Window] = {"stored": window_of(pixels)}
    for name, (low, high) in SHARES.items():
        ends = np.searchsorted(reached, [low, min(high, reached[-1])])
        if name == "full":
            ends = np.flatnonzero(counts)[[0, -1]]
        found[name] = Window.between(float(ends[0]), float(ends[1]))
    return found


def windowed(array: Pixels, window: Window) -> Shown:
    """uint8 of the shape of ``array``: the window spread from black to white."""
    levels = np.arange(np.iinfo(array.dtype).max + 1, dtype=np.float64)
    middle, span = window.centre - 0.5, window.width - 1
    if span:
        unit = np.clip((levels - middle) / span + 0.5, 0.0, 1.0)
    else:
        unit = (levels > middle).astype(np.float64)
    table = np.rint(unit * 255.0).astype(np.uint8)
    return table[array]


def shrunk(shown: Shown, side: int) -> Shown:
    """At most ``side`` pixels at the longer side; never larger than it is."""
    image = Image.fromarray(shown)
    if max(image.size) <= side:
        return shown
    image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return np.array(image)
