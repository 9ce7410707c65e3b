"""What is written, cut out and put together, so that a list can be read at a glance."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

import numpy as np
from PIL import Image

from images.burned_in.detector import Box
from images.radiograph import RadiographPixels

WIDTH: Final = 360
TALLEST: Final = 96
MOST_CUTTINGS: Final = 4
GAP: Final = 4


def cuttings(pixels: RadiographPixels, boxes: Sequence[Box]) -> bytes:
    """A PNG of the first boxes below each other, made to fit; of the whole film without any."""
    shown = pixels.to_display()
    whole = [0, 0, pixels.width, pixels.height]
    pieces = [_fitting(shown, box) for box in list(boxes)[:MOST_CUTTINGS] or [whole]]
    height = sum(piece.height + GAP for piece in pieces) - GAP
    sheet = Image.new(pieces[0].mode, (max(piece.width for piece in pieces), height))
    top = 0
    for piece in pieces:
        sheet.paste(piece, (0, top))
        top += piece.height + GAP
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()


def _fitting(shown: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], box: Box) -> Image.Image:
    left, top, width, height = box
    piece = Image.fromarray(shown[top : top + height, left : left + width])
    scale = min(WIDTH / width, TALLEST / height, 2.0)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return piece.resize(size, Image.Resampling.LANCZOS)
