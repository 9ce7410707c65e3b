"""Strokes, pieces and rows by the compiled library are NumPy's, to the last bit."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from images import native_library
from images.burned_in import compiled, find_writing, neighbours, strokes
from images.burned_in.strokes import LEFT, PICTURE
from images.radiograph import RadiographPixels
from tests.images.drawn_names import with_name
from tests.images.test_find_writing import film

pytestmark = pytest.mark.skipif(not compiled.is_used(), reason="the library was not built here")

sides = st.integers(1, 160)
levels = st.lists(st.integers(1, 255), min_size=1, max_size=3)


def drawn(height: int, width: int, spread: int) -> np.ndarray:
    """Grain, with some bright and dark dashes in it."""
    rng = np.random.default_rng(height * 1000 + width)
    grey = rng.normal(120, spread, (height, width)).clip(0, 255)
    for value in (0, 255):
        down, across = rng.integers(0, height, 9), rng.integers(0, width, 9)
        for top, left in zip(down, across, strict=True):
            grey[top : top + 9, left : left + 2] = value
    return grey.astype(np.uint8)


def assert_same(grey: np.ndarray, wanted: list[int]) -> None:
    found, told = compiled.strokes(grey), strokes.strokes(grey)
    assert np.array_equal(found, told)
    table, expected = compiled.pieces(found, wanted), strokes.pieces(told, wanted)
    assert np.array_equal(table, expected)
    letters = table[np.lexsort((table[:, LEFT], table[:, PICTURE]))]
    if len(letters):
        assert np.array_equal(compiled.rows(letters), neighbours.rows(letters))


@given(sides, sides, st.integers(0, 60), levels)
@settings(max_examples=80, deadline=None)
def test_pictures_of_any_size(height, width, spread, wanted):
    assert_same(drawn(height, width, spread), wanted)


@pytest.mark.parametrize("shape", [(512, 512), (300, 1000), (1299, 64), (64, 65), (1, 900)])
@pytest.mark.parametrize("wanted", [[40, 100], [1, 2], [255]])
def test_films(shape, wanted):
    assert_same(drawn(*shape, 9), wanted)


@pytest.mark.parametrize("value", [0, 255])
def test_one_tone_has_no_strokes(value):
    assert not np.any(compiled.strokes(np.full((70, 130), value, np.uint8)))


def test_pixels_that_are_not_contiguous():
    assert_same(drawn(120, 90, 20).T[::2], [40, 100])


@given(st.integers(1, 120), st.integers(0, 2**32 - 1))
@settings(max_examples=80, deadline=None)
def test_letters_that_stand_anywhere(count, seed):
    rng = np.random.default_rng(seed)
    letters = np.zeros((count, 8))
    left, top = rng.integers(0, 200, (2, count))
    letters[:, :4] = np.stack(
        [left, top, left + rng.integers(1, 40, count), top + rng.integers(5, 65, count)], axis=1
    )
    letters[:, strokes.STRENGTH] = rng.integers(40, 256, count)
    letters[:, PICTURE] = rng.integers(0, 3, count)
    letters = letters[np.lexsort((letters[:, LEFT], letters[:, PICTURE]))]
    assert np.array_equal(compiled.rows(letters), neighbours.rows(letters))


@pytest.mark.parametrize("seed", range(6))
def test_boxes_are_the_same_without_the_library(seed, monkeypatch):
    named = RadiographPixels.eight_bit(with_name(film(seed), random.Random(seed))[0])
    boxes = find_writing(named)
    with monkeypatch.context() as now:
        now.setattr(native_library, "is_built", lambda: False)
        assert not compiled.is_used()
        assert find_writing(named) == boxes
    assert boxes


@pytest.mark.parametrize("name", ["strokes", "pieces", "rows"])
def test_a_library_that_computes_wrongly_is_not_used(name, monkeypatch, caplog):
    right = getattr(native_library, name)
    wrong = monkeypatch.context()
    compiled._is_sound.cache_clear()
    with wrong as now:
        now.setattr(native_library, name, lambda *given: np.asarray(right(*given)) + 1)
        assert not compiled.is_used()
    compiled._is_sound.cache_clear()
    assert "computes wrongly" in caplog.text
