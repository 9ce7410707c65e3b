"""What the gate is fitted on and tried on: files, made pictures, and the gate's view of each."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from images.decoding import Unreadable, decode
from images.metadata import Row, find_file
from images.radiograph import RadiographPixels
from inference import worker
from inference.features import Vector
from inference.ml.preprocess import grey_input
from inference.offline import cached_features
from retraining.labelled import Skipped
from retraining.ml.changed import Grey

# How views are named in metadata; those that are not named are taken at their collection's word.
FRONTAL: Final = ("", "PA", "AP")
# Packages that ship photographs, and where. Their pictures are public, and none is a radiograph.
PHOTOGRAPHS: Final = (("skimage", "data"), ("sklearn", "datasets/images"))
SAME_SCENE: Final = frozenset({"motorcycle_right.png"})
CROPS: Final = 3


class NoPhotographs(Exception):
    """A package that ships photographs is not installed; the message names it."""


@dataclass(frozen=True)
class Seen:
    """A picture as the gate sees it: ``grey`` (224, 224) in 0..1, ``features`` (25088,) fp16."""

    name: str
    grey: Grey
    features: Vector


def is_frontal(row: Row) -> bool:
    """`PA`, `AP`, `AP Supine`, or not named; anything else is another view."""
    return row.view.upper().split(" ")[0] in FRONTAL


def films(rows: Iterable[Row], folder: Path) -> Iterator[tuple[Row, Seen | Skipped]]:
    """The radiographs of `rows`, found in `folder` or `folder/images`, in the order given."""
    for row in rows:
        path = find_file(folder, row.filename)
        missing = Skipped(row.filename, "the file is not in the folder")
        yield row, missing if path is None else picture(path)


def picture(path: Path) -> Seen | Skipped:
    try:
        with path.open("rb") as stream:
            pixels = decode(stream).pixels
    except Unreadable as problem:
        return Skipped(path.name, problem.sentence)
    grey = grey_input(pixels.array, pixels.low, pixels.high)
    return Seen(path.name, grey, cached_features(pixels))


def made(name: str, array: NDArray[np.uint8]) -> Seen:
    """A picture that is in no file: uint8 (H, W) or (H, W, 3). Its features are not kept."""
    pixels = RadiographPixels.eight_bit(array)
    grey = grey_input(pixels.array, pixels.low, pixels.high)
    return Seen(name, grey, worker.engine().features([pixels])[0])


def made_of(name: str, grey: Grey) -> Seen:
    """The same of a changed grey input."""
    return made(name, np.rint(np.clip(grey, 0, 1) * 255).astype(np.uint8))


def photographs(seed: int) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Photographs that packages ship, whole and as `CROPS` seeded square parts, RGB.

    Raises NoPhotographs when a package is not installed.
    """
    random = np.random.default_rng(seed)
    for path in _photograph_files():
        with Image.open(path) as opened:
            whole = opened.convert("RGB")
        yield path.name, np.asarray(whole)
        for number in range(CROPS):
            yield f"{path.name}, part {number + 1}", np.asarray(_part(whole, random))


def _photograph_files() -> list[Path]:
    found: list[Path] = []
    for package, place in PHOTOGRAPHS:
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            raise NoPhotographs(f"the package {package} is not installed")
        folder = Path(spec.origin).parent / place
        files = (path for path in folder.iterdir() if path.suffix in {".png", ".jpg"})
        found += sorted(path for path in files if path.name not in SAME_SCENE)
    return found


def _part(whole: Image.Image, random: np.random.Generator) -> Image.Image:
    side = int(min(whole.size) * random.uniform(0.4, 0.8))
    left, top = (int(random.integers(0, length - side + 1)) for length in whole.size)
    return whole.crop((left, top, left + side, top + side))
