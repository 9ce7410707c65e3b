"""Draw synthetic frontal chest "radiographs" for demonstrations.

They look like radiographs and are none: no patient, no anatomy measured, nothing to learn from.
Each carries the word SYNTHETIC in its pixels, so that it stays marked wherever it is copied.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from images.radiograph import RadiographPixels

_HEIGHT: Final = 900
_WIDTH: Final = 800
_MARK: Final = "SYNTHETIC"

Field = NDArray[np.float32]
Ellipse = tuple[float, float, float, float]


def draw(seed: int, opacities: bool) -> RadiographPixels:
    """Return the same 8-bit 900 x 800 picture for the same seed.

    With ``opacities``, hazy patches lie in the outer and lower lung fields, as ground-glass
    opacities of COVID-19 pneumonia often do; without, the lungs are clear.
    """
    rng = np.random.default_rng(seed)
    lungs = [_jittered(rng, box) for box in ((0.335, 0.47, 0.135, 0.29), (0.665, 0.47, 0.13, 0.29))]
    body = [(0.5, 0.58, 0.43, 0.55), (0.16, 0.4, 0.2, 0.24), (0.84, 0.4, 0.2, 0.24)]
    field: Field = 0.04 + 0.62 * _soft(body, 14)
    field += 0.08 * _soft([(0.5, 0.05, 0.16, 0.24)], 16)
    lung_field = _soft(lungs, 10)
    field -= 0.42 * lung_field
    field += _ribs(rng) * (0.35 + 0.65 * lung_field)
    field += _mediastinum(rng)
    if opacities:
        field += _haze(rng, lungs) * lung_field
    field += 0.3 * _soft([(0.33, 0.92, 0.22, 0.2), (0.67, 0.95, 0.22, 0.2)], 8) * (1 - lung_field)
    field += _noise(rng)
    # Film saturates softly; a plain clip would leave the abdomen a flat white.
    shade = 1.0 - np.exp(-1.5 * np.clip(field, 0.0, None))
    grey = np.rint(shade * 255).astype(np.uint8)
    return RadiographPixels.eight_bit(np.asarray(_marked(Image.fromarray(grey))))


def _jittered(rng: np.random.Generator, box: Ellipse) -> Ellipse:
    x, y, half_width, half_height = (value * rng.uniform(0.97, 1.03) for value in box)
    return x, y, half_width, half_height


def _soft(ellipses: list[Ellipse], blur: float, strength: int = 255) -> Field:
    """Return filled ellipses (centre x, y, half width, half height, all 0..1) with soft edges."""
    canvas = Image.new("L", (_WIDTH, _HEIGHT))
    pen = ImageDraw.Draw(canvas)
    for x, y, half_width, half_height in ellipses:
        pen.ellipse(
            (
                (x - half_width) * _WIDTH,
                (y - half_height) * _HEIGHT,
                (x + half_width) * _WIDTH,
                (y + half_height) * _HEIGHT,
            ),
            fill=strength,
        )
    return _field(canvas, blur)


def _field(canvas: Image.Image, blur: float) -> Field:
    return np.asarray(canvas.filter(ImageFilter.GaussianBlur(blur)), dtype=np.float32) / np.float32(
        255
    )


def _ribs(rng: np.random.Generator) -> Field:
    """Posterior ribs slope down and outwards from the spine; clavicles close the top."""
    canvas = Image.new("L", (_WIDTH, _HEIGHT))
    pen = ImageDraw.Draw(canvas)
    start = rng.uniform(0.17, 0.2)
    for rib in range(9):
        top = (start + 0.068 * rib) * _HEIGHT
        spread = (0.27 + 0.012 * min(rib, 5)) * _WIDTH
        for side in (-1, 1):
            pen.line(_rib_course(top, spread * side), fill=44, width=15, joint="curve")
    for side in (-1, 1):
        collar = [(0.5 + side * 0.05, 0.235), (0.5 + side * 0.2, 0.19), (0.5 + side * 0.37, 0.165)]
        pen.line([(x * _WIDTH, y * _HEIGHT) for x, y in collar], fill=70, width=20, joint="curve")
    return _field(canvas, 3)


def _rib_course(top: float, spread: float) -> list[tuple[float, float]]:
    steps = [step / 16 for step in range(17)]
    return [
        (
            _WIDTH / 2 + spread * (0.12 + 0.88 * math.sin(step * math.pi / 2)),
            top - 24 * math.sin(step * math.pi) + 120 * step**2,
        )
        for step in steps
    ]


def _mediastinum(rng: np.random.Generator) -> Field:
    """Spine with vertebrae, heart (towards the patient's left, which is drawn right), hila."""
    heart = _jittered(rng, (0.555, 0.64, 0.155, 0.145))
    spine = 0.22 * _soft([(0.5, 0.5, 0.055, 0.75)], 12)
    vertebrae = [(0.5, 0.06 + 0.062 * index, 0.04, 0.021) for index in range(15)]
    hila = [(0.42, 0.45, 0.035, 0.06), (0.585, 0.44, 0.035, 0.06)]
    airway = _soft([(0.497, 0.16, 0.016, 0.17)], 5)
    bright = spine + 0.05 * _soft(vertebrae, 3) + 0.3 * _soft([heart], 9) + 0.13 * _soft(hila, 16)
    return np.asarray(bright - 0.12 * airway, dtype=np.float32)


def _haze(rng: np.random.Generator, lungs: list[Ellipse]) -> Field:
    patches: list[Ellipse] = []
    for x, y, half_width, half_height in lungs:
        outwards = math.copysign(1.0, x - 0.5)
        for _ in range(int(rng.integers(3, 6))):
            patches.append(
                (
                    x + outwards * half_width * rng.uniform(0.2, 0.75),
                    y + half_height * rng.uniform(-0.1, 0.75),
                    rng.uniform(0.03, 0.06),
                    rng.uniform(0.03, 0.055),
                )
            )
    texture = 0.75 + 0.25 * _cloud(rng, 40)
    return np.asarray(0.34 * _soft(patches, 20) * texture, dtype=np.float32)


def _cloud(rng: np.random.Generator, cells: int) -> Field:
    """Smooth noise in 0..1."""
    coarse = Image.fromarray(rng.integers(0, 256, (cells, cells), dtype=np.uint8))
    smooth = coarse.resize((_WIDTH, _HEIGHT), Image.Resampling.BICUBIC)
    return np.asarray(smooth, dtype=np.float32) / np.float32(255)


def _noise(rng: np.random.Generator) -> Field:
    vessels = 0.07 * (_cloud(rng, 60) - 0.5) + 0.05 * (_cloud(rng, 8) - 0.5)
    grain = rng.normal(0.0, 0.012, (_HEIGHT, _WIDTH))
    return np.asarray(vessels + grain, dtype=np.float32)


def _marked(image: Image.Image) -> Image.Image:
    """Write the mark into the pixels, in white on a black band."""
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=36)
    pen.rectangle((0, _HEIGHT - 56, _WIDTH, _HEIGHT), fill=0)
    pen.text((_WIDTH / 2, _HEIGHT - 28), _MARK, fill=255, font=font, anchor="mm")
    pen.text((_WIDTH - 60, 40), "L", fill=255, font=font, anchor="mm")
    return image
