"""The table of connected pieces, held against scipy's own labelling of the whole picture."""

import numpy as np
import pytest
from scipy import ndimage

from images.burned_in.strokes import MOST, linked, pieces

rng = np.random.default_rng(3)


def spots(shape, share=0.015):
    """Few enough that no level is raised, in clumps."""
    seeds = rng.random(shape) < share / 6
    clumps = ndimage.binary_dilation(seeds, rng.random((3, 4)) < 0.6)
    return np.where(clumps, rng.integers(40, 256, shape), rng.integers(0, 40, shape)).astype(
        np.uint8
    )


def by_scipy(mask, strength):
    """Rows as in the table, without the number of the picture."""
    label, count = ndimage.label(mask, np.ones((3, 3)))
    rows = []
    for number, (down, across) in enumerate(ndimage.find_objects(label), start=1):
        here = label == number
        runs = np.count_nonzero(np.diff(here.astype(int), axis=1, prepend=0) == 1)
        rows.append(
            (across.start, down.start, across.stop, down.stop, here.sum(), runs,
             strength[here].astype(float).mean())
        )  # fmt: skip
    assert len(rows) == count
    return sorted(rows)


def in_picture(table, number):
    return sorted(tuple(row[:7]) for row in table[table[:, 7] == number])


@pytest.mark.parametrize("shape", [(60, 90), (91, 61), (1, 400), (400, 1), (33, 33)])
def test_every_piece_of_every_picture_is_measured(shape):
    white, black = spots(shape), spots(shape)
    table = pieces([white, black], [40, 150])
    masks = [(white, 40), (white, 150), (black, 40), (black, 150)]
    for number, (strength, level) in enumerate(masks):
        mask = strength >= level
        assert mask.mean() <= MOST
        np.testing.assert_allclose(in_picture(table, 2 * number), by_scipy(mask, strength))
        turned = in_picture(table, 2 * number + 1)
        np.testing.assert_allclose(turned, by_scipy(mask.T, strength.T))


def test_pieces_that_touch_the_edges_of_pictures_are_not_joined():
    full = np.zeros((90, 30), np.uint8)
    full[-1] = full[0] = 255
    table = pieces([full, full], [40])
    assert len(table[table[:, 7] % 2 == 0]) == 4
    assert table[:, 4].tolist() == [30] * 8


@pytest.mark.parametrize("shape", [(1, 1), (5, 7), (64, 64)])
def test_an_empty_picture_has_no_pieces(shape):
    assert pieces([np.zeros(shape, np.uint8)] * 2, [40, 100]).shape == (0, 8)


@pytest.mark.parametrize("shape", [(1, 1), (5, 7), (64, 64)])
def test_a_picture_that_is_all_strokes_is_grain_and_has_none(shape):
    assert len(pieces([np.full(shape, 255, np.uint8)] * 2, [40, 100])) == 0


def test_of_grain_only_the_strongest_is_looked_at():
    grain = rng.integers(0, 256, (200, 200)).astype(np.uint8)
    table = pieces([grain], [40, 100])
    standing = table[table[:, 7] == 0]
    assert 0 < standing[:, 4].sum() <= MOST * grain.size
    # Both levels are raised to the same one: it is looked at once.
    assert set(table[:, 7]) == {0, 1}


def test_linked_things_have_one_number():
    one, other = np.array([0, 2, 2, 5]), np.array([3, 4, 5, 6])
    assert linked(one, other, 8).tolist() == [0, 1, 2, 0, 2, 2, 2, 3]


def test_nothing_linked_is_each_alone():
    nothing = np.empty(0, np.int64)
    assert linked(nothing, nothing, 3).tolist() == [0, 1, 2]
