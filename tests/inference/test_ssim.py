"""Structural similarity: its properties, and the paper's formula spelt out window by window."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from inference.ml.ssim import RADIUS, SIGMA, ssim

SIDE = 14
images = arrays(np.float32, (SIDE, SIDE), elements=st.floats(0, 1, width=32))


def by_windows(a, b):
    """Wang et al. 2004, equations 6 and 13, with the Gaussian window of section III.C."""
    steps = np.arange(-RADIUS, RADIUS + 1)
    line = np.exp(-(steps**2) / (2 * SIGMA**2))
    window = np.outer(line, line) / np.outer(line, line).sum()
    found = []
    for y in range(RADIUS, SIDE - RADIUS):
        for x in range(RADIUS, SIDE - RADIUS):
            cut = np.s_[y - RADIUS : y + RADIUS + 1, x - RADIUS : x + RADIUS + 1]
            one, two = a[cut].astype(float), b[cut].astype(float)
            m1, m2 = (window * one).sum(), (window * two).sum()
            v1, v2 = (window * (one - m1) ** 2).sum(), (window * (two - m2) ** 2).sum()
            both = (window * (one - m1) * (two - m2)).sum()
            above = (2 * m1 * m2 + 1e-4) * (2 * both + 9e-4)
            found.append(above / ((m1**2 + m2**2 + 1e-4) * (v1 + v2 + 9e-4)))
    return np.mean(found)


@given(images)
def test_an_image_is_wholly_similar_to_itself(image):
    assert ssim(image, image) == pytest.approx(1.0)


@given(images, images)
def test_the_order_does_not_matter(one, other):
    assert ssim(one, other) == ssim(other, one)


@given(images, images)
def test_it_stays_within_its_range(one, other):
    assert -1.0 <= ssim(one, other) <= 1.0


@given(images, images)
def test_it_is_the_formula_of_the_paper(one, other):
    assert ssim(one, other) == pytest.approx(by_windows(one, other), abs=1e-6)


def test_the_inverse_is_less_similar_than_a_blur():
    image = np.tile(np.linspace(0, 1, 32, dtype=np.float32), (32, 1))
    shaken = np.roll(image, 1, axis=1)
    assert ssim(image, 1 - image) < ssim(image, shaken) < 1


@pytest.mark.parametrize(
    ("one", "other"), [((14, 14), (14, 15)), ((10, 10), (10, 10)), ((14,), (14,))]
)
def test_images_that_cannot_be_compared_are_refused(one, other):
    with pytest.raises(ValueError):
        ssim(np.zeros(one), np.zeros(other))
