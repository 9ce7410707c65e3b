"""Copies of radiographs, changed mildly or spoilt."""

import numpy as np
import pytest

from retraining.ml.changed import close_up, inverted, mildly_changed, side_by_side, turned

GREY = np.tile(np.linspace(0, 1, 224, dtype=np.float32), (224, 1))
# Away from the black that a turned or framed copy has at its rim.
INNER = np.s_[40:-40, 40:-40]
MAKERS = {
    "mildly_changed": lambda seed: mildly_changed(GREY, np.random.default_rng(seed)),
    "turned": lambda seed: turned(GREY, 1 + seed % 3),
    "inverted": lambda _seed: inverted(GREY),
    "side_by_side": lambda _seed: side_by_side(GREY, GREY),
    "close_up": lambda seed: close_up(GREY, np.random.default_rng(seed)),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("seed", range(6))
def test_it_stays_an_input_of_the_network(make, seed):
    made = make(seed)
    assert (made.shape, made.dtype) == ((224, 224), np.float32)
    assert 0 <= made.min() <= made.max() <= 1


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_it_is_changed(make):
    assert np.abs(make(0) - GREY).max() > 0.01


def test_the_same_seed_changes_alike():
    np.testing.assert_array_equal(MAKERS["mildly_changed"](3), MAKERS["mildly_changed"](3))


def test_a_mild_change_keeps_the_picture_or_its_mirror():
    for seed in range(20):
        made = MAKERS["mildly_changed"](seed)
        likeness = np.corrcoef(made[INNER].ravel(), GREY[INNER].ravel())[0, 1]
        assert abs(likeness) > 0.8


def test_four_quarters_are_a_whole_turn():
    np.testing.assert_array_equal(turned(GREY, 4), GREY)
