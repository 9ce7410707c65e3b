"""Pictures that are no radiographs, drawn by code, to try the gate on.

The gate is fitted without counter-examples, so it has seen none of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Grey = npt.NDArray[np.uint8]
Random = np.random.Generator
Pen = Callable[[Random], Grey]

SIDE: Final = 480
_LETTERS: Final = list("aabcdeeefghiijklmnooprrsstuvz")


def draw(families: Mapping[str, Pen], each: int, seed: int) -> Iterator[tuple[str, Grey]]:
    """``each`` pictures of every family, uint8 (480, 480), with their names.

    The same seed draws the same pictures.
    """
    for place, (name, pen) in enumerate(families.items()):
        for number in range(each):
            yield f"{name}-{number}", pen(np.random.default_rng([seed, place, number]))


def _sheet(random: Random, paper: int | None = None) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    shade = int(random.integers(215, 256)) if paper is None else paper
    image = Image.new("L", (SIDE, SIDE), shade)
    return image, ImageDraw.Draw(image)


def _array(image: Image.Image) -> Grey:
    return np.asarray(image, dtype=np.uint8)


def _spread(field: npt.NDArray[np.floating]) -> Grey:
    """Any numbers as the whole range of greys."""
    low, high = float(field.min()), float(field.max())
    grey: Grey = np.rint((field - low) / max(high - low, 1e-9) * 255).astype(np.uint8)
    return grey


def _words(random: Random, count: int) -> str:
    lengths = random.integers(2, 11, count)
    return " ".join("".join(random.choice(_LETTERS, n)) for n in lengths)


def _font(size: float) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size=size)


def _grid() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    rows, columns = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    return rows, columns


# --- documents ---------------------------------------------------------------------------------


def page(random: Random) -> Grey:
    image, pen = _sheet(random)
    size = int(random.integers(9, 20))
    for top in range(30, SIDE - 30, int(size * 1.6)):
        pen.text((28, top), _words(random, int(random.integers(3, 14))), 30, _font(size))
    return _array(image.rotate(float(random.normal(0, 2)), fillcolor=235))


def form(random: Random) -> Grey:
    image, pen = _sheet(random)
    high, wide = random.integers(22, 60), random.integers(50, 160)
    for top in range(40, SIDE - 20, int(high)):
        pen.line((20, top, SIDE - 20, top), 60, 2)
        for left in range(20, SIDE - 20, int(wide)):
            pen.line((left, 40, left, SIDE - 20), 60, 2)
            pen.text((left + 4, top + 4), _words(random, 1), 20, _font(12))
    return _array(image)


def bars(random: Random) -> Grey:
    image, pen = _sheet(random, 255)
    count = int(random.integers(4, 16))
    step = (SIDE - 80) / count
    for place, height in enumerate(random.uniform(20, SIDE - 90, count)):
        left = 50 + place * step
        box = (left, SIDE - 40 - height, left + step * 0.7, SIDE - 40)
        pen.rectangle(box, int(random.integers(20, 200)))
    pen.line((45, 30, 45, SIDE - 40, SIDE - 20, SIDE - 40), 0, 2)
    return _array(image)


def traces(random: Random) -> Grey:
    """Like an electrocardiogram: beats on squared paper."""
    image, pen = _sheet(random)
    for place in range(0, SIDE, 16):
        pen.line((place, 0, place, SIDE), 200)
        pen.line((0, place, SIDE, place), 200)
    time = np.arange(SIDE)
    for top in range(60, SIDE, 90):
        phase = (time + random.integers(80)) % random.integers(50, 110)
        beat = 45 * np.exp(-((phase - 20) ** 2) / 8) - 8 * np.exp(-((phase - 40) ** 2) / 60)
        height = top - beat + random.normal(0, 1, SIDE)
        pen.line([(float(x), float(y)) for x, y in zip(time, height, strict=True)], 10, 2)
    return _array(image)


def screen(random: Random) -> Grey:
    image, pen = _sheet(random, int(random.choice([24, 40, 235])))
    for _ in range(int(random.integers(2, 6))):
        left, top = (int(v) for v in random.integers(0, SIDE - 160, 2))
        right, bottom = left + int(random.integers(140, 340)), top + int(random.integers(90, 260))
        pen.rectangle((left, top, right, bottom), int(random.choice([30, 60, 250])), 128, 2)
        pen.rectangle((left, top, right, top + 18), int(random.integers(60, 190)))
        for line in range(top + 26, min(bottom, SIDE) - 12, 16):
            pen.text((left + 8, line), _words(random, 3), 130, _font(11))
    return _array(image)


def receipt(random: Random) -> Grey:
    image, pen = _sheet(random, 70)
    left = int(random.integers(60, 180))
    pen.rectangle((left, 0, left + 220, SIDE), 245)
    for top in range(20, 350, 20):
        pen.text((left + 12, top), _words(random, 2)[:18], 40, _font(14))
        pen.text((left + 160, top), f"{random.uniform(1, 999):.2f}", 40, _font(14))
    for x in np.cumsum(random.integers(2, 7, 38)):
        pen.line((left + 14 + int(x), 380, left + 14 + int(x), 450), 0, int(random.integers(1, 4)))
    return _array(image.rotate(float(random.normal(0, 5)), fillcolor=70))


def handwriting(random: Random) -> Grey:
    image, pen = _sheet(random)
    time = np.linspace(0, 60, 600)
    for top in range(50, SIDE - 30, 42):
        x = 30 + time * 7 + 5 * np.sin(time * random.uniform(2, 4))
        height = np.sin(time * 2.1 + random.uniform(0, 6)) * np.sin(time * random.uniform(0.3, 1))
        line = [(float(a), float(b)) for a, b in zip(x, top + 9 * height, strict=True)]
        pen.line(line, 50, 2)
    return _array(image)


def scatter(random: Random) -> Grey:
    image, pen = _sheet(random, 255)
    pen.rectangle((50, 20, SIDE - 20, SIDE - 50), outline=0)
    for _ in range(int(random.integers(1, 5))):
        centre, shade = random.uniform(110, SIDE - 110, 2), int(random.integers(0, 180))
        for x, y in random.normal(centre, random.uniform(15, 60), (80, 2)):
            pen.ellipse((x - 4, y - 4, x + 4, y + 4), shade)
    return _array(image)


def music(random: Random) -> Grey:
    image, pen = _sheet(random)
    for top in range(40, SIDE - 60, 90):
        for line in range(5):
            pen.line((20, top + line * 10, SIDE - 20, top + line * 10), 40)
        for x in range(50, SIDE - 30, int(random.integers(22, 40))):
            y = top + 5 * int(random.integers(0, 9))
            pen.ellipse((x, y - 5, x + 12, y + 5), 0)
            pen.line((x + 12, y, x + 12, y - 34), 0, 2)
    return _array(image)


def card(random: Random) -> Grey:
    """Like an identity card: a head and shoulders beside lines of text."""
    image, pen = _sheet(random, int(random.integers(90, 160)))
    pen.rounded_rectangle((30, 110, 450, 370), 18, 235)
    pen.rectangle((50, 140, 190, 340), int(random.integers(160, 210)))
    pen.ellipse((85, 165, 155, 250), 90)
    pen.pieslice((60, 255, 180, 425), 180, 360, 60)
    for top in range(150, 330, 30):
        pen.text((210, top), _words(random, 3)[:22], 30, _font(16))
    return _array(image.rotate(float(random.normal(0, 5)), fillcolor=120))


# --- patterns ----------------------------------------------------------------------------------


def ramp(random: Random) -> Grey:
    rows, columns = _grid()
    angle, power = random.uniform(0, 2 * math.pi), random.uniform(0.5, 2)
    along = rows * math.sin(angle) + columns * math.cos(angle)
    return _spread((along - along.min()) ** power)


def flat(random: Random) -> Grey:
    return random.normal(random.integers(12, 244), 2, (SIDE, SIDE)).astype(np.uint8)


def noise(random: Random) -> Grey:
    """White to brown: the power falls with the frequency."""
    rows, columns = np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None]
    frequency = np.sqrt(rows**2 + columns**2)
    frequency[0, 0] = 1.0
    spectrum = np.fft.rfft2(random.normal(size=(SIDE, SIDE)))
    return _spread(np.fft.irfft2(spectrum / frequency ** random.uniform(0, 2.2), (SIDE, SIDE)))


def shapes(random: Random) -> Grey:
    image, pen = _sheet(random, int(random.integers(0, 256)))
    for _ in range(int(random.integers(4, 40))):
        x, y, wide, high = random.integers(0, SIDE, 4)
        box, shade = (int(x), int(y), int(x + wide // 2), int(y + high // 2)), random.integers(256)
        (pen.ellipse if random.random() < 0.5 else pen.rectangle)(box, int(shade))
    return _array(image.filter(ImageFilter.GaussianBlur(float(random.choice([0, 2, 12])))))


def tiles(random: Random) -> Grey:
    """Like a two-dimensional bar code, or a chessboard."""
    cells = int(random.integers(4, 58))
    small = random.integers(0, 2, (cells, cells)) * 245 + 5
    side = -(-SIDE // cells)
    return small.repeat(side, 0).repeat(side, 1)[:SIDE, :SIDE].astype(np.uint8)


def plan(random: Random) -> Grey:
    """Like a map: the cells nearest to random towns, with roads between them."""
    rows, columns = _grid()
    towns = random.random((int(random.integers(6, 30)), 2))
    distance = (rows[..., None] - towns[:, 0]) ** 2 + (columns[..., None] - towns[:, 1]) ** 2
    nearest = np.sort(distance, axis=2)
    shades = random.integers(120, 245, len(towns))[distance.argmin(axis=2)]
    return np.where(nearest[..., 1] - nearest[..., 0] < 0.004, 20, shades).astype(np.uint8)


def waves(random: Random) -> Grey:
    """Interfering rings: a texture with structure at every scale."""
    rows, columns = _grid()
    field = np.zeros((SIDE, SIDE))
    for _ in range(int(random.integers(2, 6))):
        y, x = random.random(2)
        field += np.sin(np.hypot(rows - y, columns - x) * random.uniform(10, 120))
    return _spread(field)


def _named(*pens: Pen) -> dict[str, Pen]:
    return {pen.__name__: pen for pen in pens}


DOCUMENTS: Final = _named(
    page, form, bars, traces, screen, receipt, handwriting, scatter, music, card
)
PATTERNS: Final = _named(ramp, flat, noise, shapes, tiles, plan, waves)
