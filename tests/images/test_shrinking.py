"""Thumbnails show the very pixels that Pillow makes, whoever makes them."""

import platform

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from images import native_library
from images.shrinking import fitted
from tests.factories import chest_array

# Other processors may round a weight's last bit otherwise.
MOST_OFF = 0 if platform.machine() == "x86_64" else 1
sides = st.integers(1, 1300)


def of_pillow(shown, side):
    image = Image.fromarray(shown)
    image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return np.asarray(image)


def assert_as_pillow(shown, side=320):
    ours, theirs = np.asarray(fitted(shown, side)), of_pillow(shown, side)
    assert ours.shape == theirs.shape
    assert np.abs(ours.astype(int) - theirs).max() <= MOST_OFF


def noise(shape):
    return np.random.default_rng(sum(shape)).integers(0, 256, shape, np.uint8)


@given(sides, sides, st.sampled_from([1, 7, 64, 320]))
@settings(max_examples=60, deadline=None)
def test_noise_of_any_size(height, width, side):
    assert_as_pillow(noise((height, width)), side)


@pytest.mark.parametrize(
    "shape",
    [(512, 512), (512, 617), (617, 512), (321, 321), (321, 320), (1279, 1000), (1024, 1024)],
)
def test_films(shape):
    assert_as_pillow(chest_array(1, shape))


@pytest.mark.parametrize("value", [0, 255])
def test_one_tone_stays_what_it_is(value):
    assert set(np.unique(np.asarray(fitted(np.full((600, 500), value, np.uint8), 320)))) == {value}


def test_edges_do_not_wrap_around():
    """Next to an edge the filter goes beyond black and white."""
    shown = np.zeros((512, 512), np.uint8)
    shown[:, 256:] = 255
    assert_as_pillow(shown)


@pytest.mark.parametrize("shape", [(100, 90), (320, 320), (1, 1), (320, 5)])
def test_a_small_film_is_not_made_larger(shape):
    shown = noise(shape)
    assert np.array_equal(np.asarray(fitted(shown, 320)), shown)


@pytest.mark.parametrize("shape", [(1, 900), (900, 1), (2000, 300), (1280, 1200), (3000, 2500)])
def test_long_and_large_films(shape):
    assert_as_pillow(noise(shape))


def test_colour():
    assert_as_pillow(noise((500, 400, 3)))


def test_pixels_that_are_not_contiguous():
    assert_as_pillow(noise((512, 600)).T)


def test_without_the_library(monkeypatch):
    monkeypatch.setattr(native_library, "is_built", lambda: False)
    assert_as_pillow(noise((512, 512)))
