"""The canonical pixels of a radiograph: what is stored, hashed, shown and handed to a network."""

from __future__ import annotations

import hashlib
import io
import struct
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from images.png import encoded
from images.shrinking import fitted

Pixels = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class RadiographPixels:
    """One radiograph, with MONOCHROME2 polarity (brighter = more radio-opaque).

    ``array`` is uint8 (H, W), uint16 (H, W) or uint8 (H, W, 3) RGB, C-contiguous; nobody may
    write to it, because its hash is remembered. ``low`` and ``high`` are the display range in the
    array's own units: ``low`` is shown black, ``high`` white, what lies outside is clipped.

    Raises ValueError for any other shape, dtype, memory order or an empty display range.
    """

    array: Pixels
    low: float
    high: float

    def __post_init__(self) -> None:
        grey = self.array.ndim == 2 and self.array.dtype in (np.uint8, np.uint16)
        colour = self.array.ndim == 3 and self.array.shape[2] == 3 and self.array.dtype == np.uint8
        if not (grey or colour) or self.array.size == 0 or not self.array.flags.c_contiguous:
            raise ValueError("radiograph pixels are uint8/uint16 (H, W) or uint8 (H, W, 3)")
        if not (np.isfinite(self.low) and np.isfinite(self.high) and self.low < self.high):
            raise ValueError("the display range must be finite and not empty")

    @classmethod
    def eight_bit(cls, array: NDArray[np.uint8]) -> Self:
        """Wrap 8-bit grey or RGB pixels, whose display range is always 0..255."""
        return cls(np.ascontiguousarray(array), 0.0, 255.0)

    @property
    def height(self) -> int:
        """Rows, in pixels."""
        return int(self.array.shape[0])

    @property
    def width(self) -> int:
        """Columns, in pixels."""
        return int(self.array.shape[1])

    @cached_property
    def sha256(self) -> str:
        """Pixel hash (hex): equal pixels with an equal display range, whatever file brought them.

        Taken over dtype, shape, display range (two little-endian doubles) and the pixel bytes.
        """
        # Adding 0.0 makes one of the two zeros that floating point has.
        head = f"{self.array.dtype.name}:{'x'.join(map(str, self.array.shape))}:".encode()
        digest = hashlib.sha256(head + struct.pack("<dd", self.low + 0.0, self.high + 0.0))
        digest.update(self.array.astype(self.array.dtype.newbyteorder("<"), copy=False).data)
        return digest.hexdigest()

    def to_display(self) -> NDArray[np.uint8]:
        """Return uint8 (H, W) or (H, W, 3) with the display range spread over 0..255."""
        if self.array.dtype == np.uint8 and (self.low, self.high) == (0.0, 255.0):
            return self.array.astype(np.uint8, copy=False)
        return _shown_levels(np.iinfo(self.array.dtype).max, self.low, self.high)[self.array]

    def to_png(self) -> bytes:
        """Return the lossless PNG (grey 8 or 16 bit, or RGB) in which pixels are stored.

        It holds no metadata at all; the display range must be kept beside it.
        """
        return encoded(self.array)

    @classmethod
    def from_png(cls, data: bytes, low: float, high: float) -> Self:
        """Read back what :meth:`to_png` wrote, bit by bit.

        For our own files only: no limit is checked here. Raises ValueError for a PNG that
        :meth:`to_png` cannot have written, OSError for a damaged one.
        """
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            array: NDArray[Any] = np.asarray(image)
        return cls(np.ascontiguousarray(array), low, high)

    def thumbnail(self, side: int = 320) -> bytes:
        """Return a JPEG whose longer side is at most ``side`` pixels, for lists."""
        buffer = io.BytesIO()
        fitted(self.to_display(), side).save(buffer, "JPEG", quality=85)
        return buffer.getvalue()


# Each film is shown twice when it comes in, and films of one device have one range.
@lru_cache(maxsize=32)
def _shown_levels(highest: int, low: float, high: float) -> NDArray[np.uint8]:
    """What each level 0..highest is shown as.

    A table over all levels costs one byte a pixel; the arithmetic would cost eight.
    """
    levels = np.arange(highest + 1, dtype=np.float64)
    unit = np.clip((levels - low) / (high - low), 0.0, 1.0)
    return np.rint(unit * 255.0).astype(np.uint8)
