"""The untouched development radiographs all come in, grey wherever they are grey."""

import os
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from PIL import Image

from images.decoding import decode

SHARED = Path(os.environ.get("COVIDXR_SHARED") or Path(settings.BASE_DIR).parent / "shared")
ORIGINALS = sorted((SHARED / "data" / "originals").glob("*"))

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not ORIGINALS, reason="the development radiographs are not here"),
]


@pytest.mark.parametrize("path", ORIGINALS, ids=lambda path: path.name)
def test_an_original_comes_in_as_pillow_shows_it(path: Path) -> None:
    with path.open("rb") as stream:
        pixels = decode(stream).pixels
    with Image.open(path) as image:
        expected = np.asarray(image.convert("RGB"))
    shown = pixels.to_display()
    assert np.array_equal(shown if shown.ndim == 3 else np.stack([shown] * 3, -1), expected)
