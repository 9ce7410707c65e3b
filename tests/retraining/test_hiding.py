"""Films with a region hidden: the region goes whole, the rest stays as it is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retraining.ml.hiding import BORDERS, LUNGS, hide, region
from tests.development import shared_data

NAMES = (LUNGS, BORDERS)


def film(seed=0, side=224):
    return np.random.default_rng(seed).random((side, side)).astype(np.float32)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_seen_is_unchanged(name):
    grey = film()
    seen = ~region(name, 224)
    assert (hide(grey, name)[seen] == grey[seen]).all()


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(NAMES), st.integers(0, 1000))
def test_nothing_of_what_is_hidden_is_left(name, seed):
    """Whatever lies in the region, the film looks the same afterwards."""
    grey = film()
    other = np.where(region(name, 224), film(seed), grey)
    assert (hide(other, name) == hide(grey, name)).all()


@pytest.mark.parametrize("name", NAMES)
def test_an_even_film_stays_even(name):
    even = np.full((224, 224), 0.6, np.float32)
    np.testing.assert_allclose(hide(even, name), even, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_the_fill_goes_on_from_what_is_around_it(name):
    slope = np.tile(np.linspace(0, 1, 224, dtype=np.float32), (224, 1)).T
    assert np.abs(hide(slope, name) - slope).max() < 0.35
    filled = hide(slope, name)
    assert filled.min() >= 0
    assert filled.max() <= 1


def test_the_frame_is_twelve_in_a_hundred_of_each_side():
    hidden = region(BORDERS, 200)
    assert hidden.mean() == pytest.approx(1 - 0.76**2)
    assert not hidden[24:176, 24:176].any()


def test_the_lungs_are_left_and_right_and_the_middle_is_seen():
    hidden = region(LUNGS, 224)
    assert (hidden == hidden[:, ::-1]).all()
    assert not hidden[:, 108:116].any()
    assert 0.3 < hidden.mean() < 0.45


@pytest.mark.parametrize("side", [64, 224, 299])
def test_any_side_will_do(side):
    assert hide(film(side=side), LUNGS).shape == (side, side)


def test_refuses_another_shape_and_another_region():
    with pytest.raises(ValueError, match="side"):
        hide(np.zeros((3, 4), np.float32), LUNGS)
    with pytest.raises(KeyError):
        hide(film(), "heart")


@pytest.mark.data
def test_the_dark_of_the_lungs_goes():
    """On real films what is hidden is darker than what is filled in, for lungs are dark."""
    from PIL import Image

    from inference.ml.preprocess import grey_input

    folder = shared_data("chestxray") / "images"
    darker = []
    for path in sorted(folder.iterdir())[110:150]:
        grey = grey_input(np.asarray(Image.open(path).convert("L")), 0, 255)
        hidden = region(LUNGS, 224)
        darker.append(grey[hidden].mean() < hide(grey, LUNGS)[hidden].mean())
    assert np.mean(darker) > 0.8
