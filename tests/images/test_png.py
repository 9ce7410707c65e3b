"""The PNG files that radiographs are stored in: any other program reads the same pixels."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from images import native_library
from images.png import encoded
from images.synthetic import draw

side = st.integers(1, 40)
pictures = st.one_of(
    st.tuples(side, side).flatmap(lambda shape: arrays(np.uint8, shape)),
    st.tuples(side, side).flatmap(lambda shape: arrays(np.uint16, shape)),
    st.tuples(side, side, st.just(3)).flatmap(lambda shape: arrays(np.uint8, shape)),
)


@given(pictures)
def test_every_pixel_comes_back(array):
    with Image.open(io.BytesIO(encoded(array)), formats=["PNG"]) as image:
        assert np.array_equal(np.asarray(image), array)


@given(pictures)
def test_every_pixel_comes_back_without_the_library(array):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native_library, "is_built", lambda: False)
        content = encoded(array)
    with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
        assert np.array_equal(np.asarray(image), array)


@pytest.mark.parametrize("shape", [(1, 3000), (3000, 1), (300, 299), (130, 131, 3)])
@pytest.mark.parametrize("value", [0, 255])
def test_pictures_of_one_tone(shape, value):
    array = np.full(shape, value, np.uint8)
    with Image.open(io.BytesIO(encoded(array)), formats=["PNG"]) as image:
        assert np.array_equal(np.asarray(image), array)


def test_a_picture_of_many_blocks():
    array = np.random.default_rng(0).integers(0, 65536, (700, 801), np.uint16)
    with Image.open(io.BytesIO(encoded(array)), formats=["PNG"]) as image:
        assert np.array_equal(np.asarray(image), array)


@given(pictures)
def test_every_checksum_holds(array):
    PngImageFile(io.BytesIO(encoded(array))).verify()


def test_a_picture_that_is_not_contiguous():
    array = np.arange(600, dtype=np.uint16).reshape(20, 30)[::2, ::3]
    with Image.open(io.BytesIO(encoded(array))) as image:
        assert np.array_equal(np.asarray(image), array)


def test_nothing_but_pixels_is_inside():
    with Image.open(io.BytesIO(encoded(np.zeros((4, 4), np.uint8)))) as image:
        assert image.info == {}


@pytest.mark.parametrize("bits", [8, 16])
def test_a_radiograph_takes_no_more_room_than_with_the_general_method(bits):
    noise = np.random.default_rng(0).normal(0, 2 ** (bits - 7), (512, 512))
    shown = draw(3, opacities=False).to_display()[:512, :512].astype(float) * 2 ** (bits - 8)
    array = np.clip(shown + noise[: len(shown), : shown.shape[1]], 0, 2**bits - 1)
    array = array.astype(np.uint8 if bits == 8 else np.uint16)
    general = io.BytesIO()
    Image.fromarray(array).save(general, "PNG", compress_level=1)
    assert len(encoded(array)) < 1.05 * len(general.getvalue())
