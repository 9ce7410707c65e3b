"""Pictures that are no radiographs, drawn by code."""

import numpy as np
import pytest

from retraining.ml.drawings import DOCUMENTS, PATTERNS, SIDE, draw

FAMILIES = DOCUMENTS | PATTERNS


def drawn(name: str, seed: int = 1, each: int = 2):
    return list(draw({name: FAMILIES[name]}, each, seed))


@pytest.mark.parametrize("name", FAMILIES)
def test_a_picture_is_grey_and_square(name):
    for _name, array in drawn(name):
        assert (array.shape, array.dtype) == ((SIDE, SIDE), np.uint8)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_same_seed_draws_the_same(name):
    for (_a, one), (_b, other) in zip(drawn(name), drawn(name), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", FAMILIES)
def test_no_two_pictures_are_alike(name):
    (_a, one), (_b, other) = drawn(name)
    assert (one != other).any()


def test_each_picture_has_a_name_of_its_own():
    names = [name for name, _array in draw(DOCUMENTS, 2, 1)]
    assert len(set(names)) == len(names) == 2 * len(DOCUMENTS)
