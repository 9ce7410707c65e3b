"""300 files that a fuzzer with a fixed seed made of real ones, all of which must be refused."""

import io
import random
from collections.abc import Iterator
from functools import cache

from PIL import Image

from images.decoding import Unreadable, decode
from tests import factories
from tests.images.malformed import dicom, relabelled, saved
from tests.images.test_decode_real_files import mutated

COUNT = 300
SEED = 20261121


def real_files() -> dict[str, bytes]:
    """Small pictures of a real chest in each kind of file, and DICOM files of other scanners."""
    film = factories.film_png(1)
    return {
        "film.png": film,
        "film.jpg": saved(Image.open(io.BytesIO(film)), "JPEG"),
        "film.dcm": dicom(),
        "ct.dcm": relabelled("MR_small.dcm"),
        "rle.dcm": relabelled("MR_small_RLE.dcm"),
        "implicit.dcm": relabelled("MR_small_implicit.dcm"),
    }


def candidates() -> Iterator[tuple[str, bytes]]:
    chance, sources = random.Random(SEED), real_files()
    while True:
        for name, content in sources.items():
            yield name, mutated(content, chance)


@cache
def malformed_files() -> list[tuple[str, bytes]]:
    """(name, content). Mutations that left a sound picture, in other colours say, are left out."""
    found: dict[bytes, str] = {}
    for name, content in candidates():
        if is_refused(content):
            found[content] = f"{len(found):03d}-{name}"
        if len(found) == COUNT:
            break
    return [(name, content) for content, name in found.items()]


def is_refused(content: bytes) -> bool:
    try:
        decode(io.BytesIO(content))
    except Unreadable:
        return True
    return False
