"""The radiographs that are measured with: real ones where they lie beside the checkout, else drawn.

Only their number and kind ever reach a result, never a name or a pixel.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from images.decoding import decode
from images.radiograph import RadiographPixels
from images.synthetic import draw
from inference.ml.preprocess import SIDE, grey_input, preprocess

ROOT = Path(__file__).resolve().parents[1]
FEW = 50
WEIGHTS = "vgg16_features_imagenet.safetensors"


class Missing(Exception):
    """Something that a part needs is not here; the text is one sentence."""


@dataclass(frozen=True)
class Films:
    """`kind` is "real" or "synthetic"; every film is a JPEG file."""

    kind: str
    paths: tuple[Path, ...]

    def cycled(self, count: int) -> list[Path]:
        """So many paths, each film again and again where there are fewer."""
        return list(itertools.islice(itertools.cycle(self.paths), count))


def films(count: int, *, distinct: bool = True) -> Films:
    """At least one and at most `count` films, in an order that mixes the sources.

    Real ones are used where there are `count` of them (any number of them unless `distinct`).
    Drawing takes a moment each, so fewer are drawn where they need not be `distinct`.
    """
    real = sorted(_real_folder().glob("*.jpg"), key=_shuffled)
    if len(real) >= (count if distinct else 1):
        return Films("real", tuple(real[:count]))
    drawn = count if distinct else min(count, FEW)
    return Films("synthetic", tuple(_drawn(number) for number in range(drawn)))


def weights_path() -> Path:
    """The VGG16 weights of VGG16_WEIGHTS, of the data folder or of ../shared; else Missing."""
    named = os.environ.get("VGG16_WEIGHTS")
    places = [Path(named)] if named else []
    places += [ROOT / "data" / "weights" / WEIGHTS, shared() / "weights" / WEIGHTS]
    for place in places:
        if place.is_file():
            return place
    raise Missing("The VGG16 weights are not here: run `manage.py fetch_weights`.")


def shared() -> Path:
    """The folder of development data beside the checkout, which need not exist."""
    return Path(os.environ.get("COVIDXR_SHARED") or ROOT.parent / "shared")


def pixels(path: Path) -> RadiographPixels:
    """A film as the platform decodes it at the door."""
    return decode(io.BytesIO(path.read_bytes())).pixels


def prepared(path: Path) -> npt.NDArray[np.float32]:
    """Network input (3, 224, 224) of a film."""
    film = pixels(path)
    return preprocess(film.array, film.low, film.high)


def greys(paths: Sequence[Path]) -> npt.NDArray[np.float32]:
    """What the network sees of so many films, (N, 224, 224) in 0..1; large ones decoded smaller."""
    return np.stack([_grey(path) for path in paths])


def batch(count: int) -> tuple[str, npt.NDArray[np.float32]]:
    """Kind of the films, and the network input (count, 3, 224, 224) of so many of them."""
    found = films(count)
    return found.kind, np.stack([prepared(path) for path in found.paths])


def _grey(path: Path) -> npt.NDArray[np.float32]:
    with path.open("rb") as stream:
        film = decode(stream, smallest_side=2 * SIDE).pixels
    return grey_input(film.array, film.low, film.high)


def _real_folder() -> Path:
    return shared() / "data" / "chestxray" / "images"


def _shuffled(path: Path) -> str:
    return hashlib.sha256(path.name.encode()).hexdigest()


def _drawn(number: int) -> Path:
    folder = Path(tempfile.gettempdir()) / "covidxr-drawn"
    path = folder / f"{number:04d}.jpg"
    if not path.exists():
        folder.mkdir(exist_ok=True)
        part = path.with_suffix(".part")
        Image.fromarray(draw(number, number % 2 == 0).array).save(part, "JPEG", quality=90)
        part.replace(path)
    return path
