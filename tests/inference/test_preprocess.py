"""The golden hash pins the numbers: when it changes, PREPROCESSING_VERSION has to change too."""

import hashlib
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image

from images import native_library
from inference.ml.extractor import EXTRACTORS, VGG16_BLOCK5
from inference.ml.preprocess import (
    CHANNEL_MEAN,
    PREPROCESSING_VERSION,
    grey_input,
    input_for,
    preprocess,
)

GOLDEN = {"xr-224-1": "4ac8d189a877480d7bc15b0288036e6256f3eb1a85e6761e71717aa2b225e15b"}


def film(shape=(600, 500), dtype=np.uint8):
    rows, columns = np.indices(shape[:2])
    grey = (rows * 7 + columns * 13 + rows * columns // 50) % (np.iinfo(dtype).max + 1)
    return grey.astype(dtype) if len(shape) == 2 else np.stack([grey.astype(dtype)] * 3, axis=-1)


def grey_of(network_input):
    return network_input[0] / 255 + CHANNEL_MEAN[0]


def test_numbers_belong_to_the_version():
    pixels = [
        preprocess(film(), 0, 255),
        preprocess(film((300, 700), np.uint16), 100, 3000),
        preprocess(np.random.default_rng(0).integers(0, 256, (400, 300, 3), np.uint8), 0, 255),
    ]
    # Rounded to what every processor agrees on: 0.01 of the 0..255 scale.
    rounded = np.round(np.stack(pixels), 2).astype("<f4")
    assert hashlib.sha256((rounded + 0.0).tobytes()).hexdigest() == GOLDEN[PREPROCESSING_VERSION]


@pytest.mark.parametrize("shape", [(600, 500), (64, 3000), (224, 224), (257, 224, 3)])
def test_shape_and_type(shape):
    result = preprocess(film(shape), 0, 255)
    assert (result.shape, result.dtype) == ((3, 224, 224), np.float32)


@pytest.mark.parametrize("height", [100, 256, 257, 1000])
def test_bands_do_not_show(height):
    array = film((height, 400))
    whole = Image.fromarray((array / np.float32(255)).astype(np.float32))
    expected = np.asarray(whole.resize((224, 224), Image.Resampling.BILINEAR))
    np.testing.assert_allclose(grey_of(preprocess(array, 0, 255)), expected, atol=1e-6)


@pytest.mark.skipif(not native_library.is_built(), reason="it was not built here")
@given(
    st.integers(1, 900), st.integers(1, 900), st.sampled_from([np.uint8, np.uint16]),
    st.sampled_from([(0, 1), (0, 0.3), (0.2, 0.6), (-0.5, 1.5)]), st.sampled_from([64, 224, 299]),
)  # fmt: skip
@hypothesis_settings(max_examples=60, deadline=None)
def test_the_library_and_pillow_give_the_same_bits(height, width, kind, ends, side):
    highest = np.iinfo(kind).max
    array = np.random.default_rng(height).integers(0, highest, (height, width), kind, endpoint=True)
    low, high = (float(end * highest) for end in ends)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native_library, "is_built", lambda: False)
        theirs = grey_input(array, low, high, side)
    assert np.array_equal(grey_input(array, low, high, side), theirs)


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (700, 1), (64, 65), (224, 224)])
@pytest.mark.parametrize("value", [0, 255])
def test_black_and_white_films_of_any_shape(shape, value):
    grey = grey_input(np.full(shape, value, np.uint8), 0, 255)
    np.testing.assert_allclose(grey, np.full((224, 224), value / 255), atol=1e-6)


def test_display_range_maps_to_black_and_white():
    array = np.full((300, 300), 1000, np.uint16)
    array[:, 150:] = 3000
    grey = grey_of(preprocess(array, 1000, 3000))
    np.testing.assert_allclose(
        [grey[:, :100], grey[:, 124:]], [0 * grey[:, :100], 1 + 0 * grey[:, 124:]], atol=1e-6
    )


def test_values_outside_the_range_are_clipped():
    array = film((300, 300), np.uint16)
    grey = grey_of(preprocess(array, 20_000, 30_000))
    assert grey.min() >= -1e-6
    assert grey.max() <= 1 + 1e-6


def test_grey_and_equal_colours_agree():
    as_grey, as_rgb = preprocess(film(), 0, 255), preprocess(film((600, 500, 3)), 0, 255)
    np.testing.assert_allclose(as_grey, as_rgb, atol=1e-3)


def test_same_film_in_eight_and_sixteen_bits_agrees():
    eight = film()
    sixteen = eight.astype(np.uint16) * 257
    np.testing.assert_allclose(preprocess(eight, 0, 255), preprocess(sixteen, 0, 65535), atol=1e-3)


def test_colours_are_weighed_as_the_eye_does():
    array = np.zeros((230, 230, 3), np.uint8)
    array[..., 1] = 255
    np.testing.assert_allclose(grey_of(preprocess(array, 0, 255)), 0.587, atol=1e-6)


def test_non_contiguous_pixels_are_the_same_pixels():
    array = film((500, 500))
    turned = np.ascontiguousarray(array.T).T
    assert np.array_equal(preprocess(array, 0, 255), preprocess(turned, 0, 255))


@pytest.mark.parametrize(
    ("array", "low", "high"),
    [
        (np.zeros((4, 4), np.float32), 0, 1),
        (np.zeros((4, 4, 3), np.uint16), 0, 255),
        (np.zeros((4, 4, 4), np.uint8), 0, 255),
        (np.zeros((2, 4, 4, 3), np.uint8), 0, 255),
        (np.zeros((0, 4), np.uint8), 0, 255),
        (np.zeros((4, 4), np.uint8), 7, 7),
        (np.zeros((4, 4), np.uint8), 255, 0),
        (np.zeros((4, 4), np.uint8), 0, float("nan")),
    ],
)
def test_pixels_out_of_contract_are_refused(array, low, high):
    with pytest.raises(ValueError):
        preprocess(array, low, high)


def test_a_large_film_needs_little_memory():
    array = film((4000, 4000))
    tracemalloc.start()
    try:
        preprocess(array, 0, 255)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 24 * 1024 * 1024


@pytest.mark.parametrize("spec", EXTRACTORS.values(), ids=lambda spec: spec.code)
def test_every_extractor_gets_the_shape_it_reads(spec):
    found = input_for(spec, film(), 0, 255)
    assert (found.shape, found.dtype) == (spec.input_shape, np.float32)


def test_vgg16_gets_what_it_always_got():
    array = film((600, 500))
    assert np.array_equal(input_for(VGG16_BLOCK5, array, 0, 255), preprocess(array, 0, 255))


def test_grey_networks_see_the_film_as_it_is():
    found = input_for(EXTRACTORS["cnn-64"], np.full((70, 90), 51, np.uint8), 0, 255)
    np.testing.assert_allclose(found, 0.2, atol=1e-6)


def test_imagenet_networks_get_its_mean_and_deviation():
    found = input_for(EXTRACTORS["inception-v3"], np.full((300, 310), 255, np.uint8), 0, 255)
    expected = [(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225]
    np.testing.assert_allclose(found[:, 0, 0], expected, rtol=1e-5)
    assert found.std(axis=(1, 2)).max() < 1e-5
