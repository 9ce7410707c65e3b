"""Cramér's V and the measures of imbalance, against other implementations and the paper."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats.contingency import association

from retraining.ml.association import association_of
from retraining.ml.imbalance import imbalance_of


def pairs_of(table) -> list[tuple[int, int]]:
    return [
        (row, column)
        for row, numbers in enumerate(table)
        for column, number in enumerate(numbers)
        for _ in range(number)
    ]


tables = st.tuples(st.integers(2, 4), st.integers(2, 4)).flatmap(
    lambda shape: st.lists(
        st.lists(st.integers(1, 12), min_size=shape[1], max_size=shape[1]),
        min_size=shape[0],
        max_size=shape[0],
    )
)


@given(tables)
def test_v_is_that_of_scipy(table):
    found = association_of(pairs_of(table))
    assert found.v == pytest.approx(association(np.array(table), method="cramer"), abs=1e-9)
    assert (found.labels, found.categories, found.n) == (*np.shape(table), np.sum(table))
    assert 0 <= found.corrected <= 1


@given(tables)
def test_the_order_of_the_pairs_plays_no_part(table):
    pairs = pairs_of(table)
    backwards = association_of(reversed(pairs))
    assert backwards.v == pytest.approx(association_of(pairs).v)


def test_the_correction_takes_the_bias_away():
    """Independent label and category: V is far above 0 in small samples, corrected it is not."""
    random = np.random.default_rng(0)
    found = [
        association_of(zip(random.integers(0, 2, 40), random.integers(0, 8, 40), strict=True))
        for _ in range(200)
    ]
    assert np.mean([each.v for each in found]) > 0.35
    assert np.mean([each.corrected for each in found]) < 0.12


def test_the_correction_by_hand():
    """Bergsma 2013 for [[8, 2], [1, 9]]: phi2 = 49/99, minus 1/19, over 1 - 1/19."""
    found = association_of(pairs_of([[8, 2], [1, 9]]))
    assert found.v == pytest.approx((49 / 99) ** 0.5)
    assert found.corrected == pytest.approx(((49 / 99 - 1 / 19) / (1 - 1 / 19)) ** 0.5)


def test_one_decides_the_other():
    found = association_of(pairs_of([[30, 0], [0, 10]]))
    assert (found.v, found.corrected) == (pytest.approx(1), pytest.approx(1))


@pytest.mark.parametrize("table", [[], [[5]], [[5, 3]], [[5], [3]]])
def test_nothing_to_go_together(table):
    found = association_of(pairs_of(table))
    assert (found.v, found.corrected) == (None, None)


@pytest.mark.parametrize(
    ("sizes", "mu", "rho"),
    [
        ([11313, 10000], 0.5, 1.1313),  # the paper's figure 1
        ([100, 100], 0.0, 1.0),
        ([10, 100, 100], 1 / 3, 10.0),
        ([10, 10, 100], 2 / 3, 10.0),
        ([7], 0.0, 1.0),
        ([0, 5], 0.5, None),
    ],
)
def test_imbalance(sizes, mu, rho):
    found = imbalance_of(sizes)
    assert found.mu == pytest.approx(mu)
    assert found.rho == (None if rho is None else pytest.approx(rho))


@pytest.mark.parametrize("sizes", [[], [3, -1]])
def test_sizes_that_are_none(sizes):
    with pytest.raises(ValueError):
        imbalance_of(sizes)
