"""How large a radiograph may be."""

from __future__ import annotations

from dataclasses import dataclass

from images.decoding.reasons import Unreadable


@dataclass(frozen=True)
class Limits:
    """Bounds that are checked before a single pixel is decoded.

    The largest detector in use for chests, 43 cm at 100 micrometres, gives 4320 x 3556 = 15 million
    pixels; 35 x 43 cm film scanned at 75 micrometres gives 27 million. 50 million leaves room, and
    bounds one decoded picture at 150 MB of RGB. 64 MiB holds 32 million uncompressed 16-bit
    pixels. Below 64 pixels a side there are icons and thumbnails: a rib is no longer resolved,
    and the network's 224 x 224 input would be mostly invented.
    """

    max_bytes: int = 64 * 1024 * 1024
    max_pixels: int = 50_000_000
    max_side: int = 16_384
    min_side: int = 64

    def check_bytes(self, size: int) -> None:
        """Raise Unreadable (``empty``, ``too-large-file``) for a file of ``size`` bytes."""
        if size == 0:
            raise Unreadable("empty")
        if size > self.max_bytes:
            raise Unreadable("too-large-file", megabytes=self.max_bytes // (1024 * 1024))

    def check_sides(self, width: int, height: int) -> None:
        """Raise Unreadable (``zero-size``, ``too-many-pixels``, ``too-small``)."""
        if width <= 0 or height <= 0:
            raise Unreadable("zero-size")
        if max(width, height) > self.max_side or width * height > self.max_pixels:
            raise Unreadable(
                "too-many-pixels", megapixels=self.max_pixels // 1_000_000, side=self.max_side
            )
        if min(width, height) < self.min_side:
            raise Unreadable("too-small", side=self.min_side)


DEFAULT = Limits()
