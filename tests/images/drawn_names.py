"""Names of nobody, drawn into films as devices burn them in."""

import io
import random
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from accounts.models import User
from images.models import Radiograph
from images.radiograph import RadiographPixels
from images.services import patient_of, store_radiograph
from images.synthetic import draw

# The drawn films carry their mark in the last rows.
MARK_ROWS = 56

FAMILIES = ("García", "López", "Pérez", "Quiroga", "Villanueva", "Ortiz", "Díaz", "Ibáñez", "Sosa")
GIVEN = ("María", "José", "Pedro", "Juana", "Luis", "Rosa", "Lucía", "Ramón", "Hugo", "Elena")
FONTS = Path("/usr/share/fonts/truetype")
PLACES = ("tl", "tr", "bl", "br", "top", "bottom", "chest", "chest")
STYLES = ("plain", "plain", "outlined", "band")

Grey = np.ndarray


@cache
def fonts() -> tuple[str | None, ...]:
    """Of this machine; without any, Pillow's own."""
    found = sorted(str(path) for path in FONTS.rglob("*.ttf") if "MathTeX" not in path.name)
    return tuple(found) or (None,)


def words(rng: random.Random) -> str:
    """One line or two: a name in any case, maybe with a day or a number below it."""
    name = rng.choice(("{f} {g}", "{f}, {g} {h}", "{f}^{g}", "{g} {f}")).format(
        f=rng.choice(FAMILIES), g=rng.choice(GIVEN), h=rng.choice(GIVEN)
    )
    name = rng.choice((str.upper, str.upper, str.lower, str))(name)
    second = rng.choice(
        (
            "",
            "",
            f"{rng.randrange(1, 29):02d}/{rng.randrange(1, 13):02d}/{rng.randrange(1930, 2021)}",
            f"ID {rng.randrange(10**6, 10**8)}",
        )
    )
    return f"{name}\n{second}" if second else name


def with_name(grey: Grey, rng: random.Random) -> tuple[Grey, tuple[int, int, int, int]]:
    """A copy with a name in it, and the box of the name: left, top, right, bottom."""
    image = Image.fromarray(grey)
    pen = ImageDraw.Draw(image)
    text, font, size = _fitting(pen, words(rng), image, rng)
    left, top, right, bottom = pen.multiline_textbbox((0, 0), text, font=font, spacing=size / 4)
    x, y = _place(image, right, bottom, rng)
    box = (int(x + left), int(y + top), int(x + right), int(y + bottom))
    style = rng.choice(STYLES)
    # A person who wants it read writes white on dark and black on bright.
    is_white = np.percentile(grey[box[1] : box[3], box[0] : box[2]], 80) < 175
    if style != "plain":
        is_white = rng.random() < 0.7
    ink, ground = (255, 0) if is_white else (0, 255)
    if style == "band":
        pen.rectangle((box[0] - 4, box[1] - 4, box[2] + 4, box[3] + 4), fill=ground)
    outline = max(1, size // 14) if style == "outlined" else 0
    pen.multiline_text(
        (x, y), text, font=font, fill=ink, spacing=size / 4, stroke_width=outline,
        stroke_fill=ground,
    )  # fmt: skip
    return np.asarray(image), box


def _fitting(pen, text, image, rng):
    name, size = rng.choice(fonts()), max(9, round(max(image.size) * rng.uniform(0.016, 0.05)))
    while True:
        font = ImageFont.truetype(name, size) if name else ImageFont.load_default(size)
        if pen.multiline_textbbox((0, 0), text, font=font)[2] < 0.95 * image.width:
            return text, font, size
        size = round(size * 0.85)


def _place(image, width, height, rng):
    margin = round(0.01 * image.width) + 4
    far_x, far_y = int(image.width - width - margin), int(image.height - height - margin)
    where = rng.choice(PLACES)
    x = {"l": margin, "r": far_x}.get(where[1]) if len(where) == 2 else None
    y = {"t": margin, "b": far_y}.get(where[0]) if where != "chest" else None
    x = rng.randrange(margin, max(margin + 1, far_x)) if x is None else x
    return x, rng.randrange(image.height // 5, 3 * image.height // 4) if y is None else y


def film_with_name(seed: int = 0) -> tuple[Grey, tuple[int, int, int, int]]:
    """A drawn film without its mark, with a name in it, and the name's box."""
    film = np.ascontiguousarray(draw(seed, opacities=False).array[:-MARK_ROWS])
    return with_name(film, random.Random(seed))


def store_named(uploader: User, seed: int = 0, patient_code: str = "P-0001") -> Radiograph:
    """A stored radiograph in whose pixels a name is written."""
    array, _box = film_with_name(seed)
    return store_radiograph(
        stream=io.BytesIO(RadiographPixels.eight_bit(array).to_png()),
        patient=patient_of(site=uploader.site, code=patient_code),
        uploader=uploader,
    ).radiograph
