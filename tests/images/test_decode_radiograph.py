"""Canonical pixels: their hash, their storage, how they are shown."""

import io

import numpy as np
import pytest
from PIL import Image

from images.radiograph import RadiographPixels
from tests.images.malformed import shades

SIXTEEN = shades(top=4095, dtype=np.uint16)
COLOUR = np.ascontiguousarray(np.stack([shades(), shades() // 2, 255 - shades()], axis=-1))
EXAMPLES = [
    RadiographPixels(shades(), 0, 255),
    RadiographPixels(SIXTEEN, -38.5, 3000.25),
    RadiographPixels(COLOUR, 0, 255),
]


@pytest.mark.parametrize("pixels", EXAMPLES)
def test_storage_is_lossless(pixels: RadiographPixels) -> None:
    back = RadiographPixels.from_png(pixels.to_png(), pixels.low, pixels.high)
    assert back.array.dtype == pixels.array.dtype
    assert np.array_equal(back.array, pixels.array)
    assert back.sha256 == pixels.sha256


def test_the_hash_is_that_of_the_pixels_and_stays() -> None:
    """Duplicates and kept features are found by it: a change would lose them all."""
    pixels = RadiographPixels(np.arange(6, dtype=np.uint8).reshape(2, 3), 0.0, 255.0)
    assert pixels.sha256 == "4e33072952b3a098d408918fc8ed76d75abce235eabc4aa533bf7e77501d0b3a"


@pytest.mark.parametrize(
    "other",
    [
        RadiographPixels(SIXTEEN, 0, 4094),
        RadiographPixels(SIXTEEN, 1, 4095),
        RadiographPixels(np.ascontiguousarray(SIXTEEN.T), 0, 4095),
        RadiographPixels(SIXTEEN.reshape(80, 96), 0, 4095),
        RadiographPixels(SIXTEEN ^ 1, 0, 4095),
    ],
)
def test_other_pixels_or_another_range_have_another_hash(other: RadiographPixels) -> None:
    assert other.sha256 != RadiographPixels(SIXTEEN, 0, 4095).sha256


def test_the_two_zeros_are_one() -> None:
    positive, negative = (RadiographPixels(SIXTEEN, zero, 4095.0) for zero in (0.0, -0.0))
    assert positive.sha256 == negative.sha256


def test_the_range_is_spread_and_the_rest_clipped() -> None:
    array = np.array([[0, 100, 200, 300, 4000]], np.uint16)
    shown = RadiographPixels(array, 100, 300).to_display()
    assert shown.tolist() == [[0, 0, 128, 255, 255]]


def test_8_bits_with_their_own_range_are_shown_without_a_copy() -> None:
    assert EXAMPLES[0].to_display() is EXAMPLES[0].array


def test_8_bits_with_a_window_are_spread() -> None:
    array = np.array([[50, 100, 150]], np.uint8)
    assert RadiographPixels(array, 50, 150).to_display().tolist() == [[0, 128, 255]]


@pytest.mark.parametrize("pixels", EXAMPLES)
def test_a_thumbnail_fits_its_side(pixels: RadiographPixels) -> None:
    image = Image.open(io.BytesIO(pixels.thumbnail(40)))
    assert (image.format, max(image.size)) == ("JPEG", 40)


def test_a_thumbnail_of_a_thread_has_a_width() -> None:
    image = Image.open(
        io.BytesIO(RadiographPixels(np.zeros((4000, 1), np.uint8), 0, 1).thumbnail())
    )
    assert min(image.size) == 1


@pytest.mark.parametrize(
    ("array", "low", "high"),
    [
        (np.zeros((4, 4), np.float32), 0, 1),
        (np.zeros((4, 4, 4), np.uint8), 0, 255),
        (np.zeros((4, 4, 3), np.uint16), 0, 255),
        (np.zeros((0, 4), np.uint8), 0, 255),
        (np.zeros((4, 4), ">u2"), 0, 255),
        (np.zeros((4, 6), np.uint8)[:, ::2], 0, 255),
        (np.zeros((4, 4), np.uint8), 5, 5),
        (np.zeros((4, 4), np.uint8), 0, float("nan")),
        (np.zeros((4, 4), np.uint8), float("-inf"), 1),
    ],
)
def test_what_is_no_radiograph_is_refused(array: np.ndarray, low: float, high: float) -> None:
    with pytest.raises(ValueError, match=r"must|are"):
        RadiographPixels(array, low, high)
