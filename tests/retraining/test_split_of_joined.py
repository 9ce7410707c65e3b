"""The split of patients that were joined."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from retraining.ml.split import TEST, TRAIN, VALIDATION, split_of, split_of_joined

keys = st.lists(st.text("0123456789abcdef", min_size=8, max_size=8), min_size=1, max_size=6)


@given(keys)
def test_what_agrees_stays_where_it_is(some):
    splits = {split_of(key, "s") for key in some}
    assume(len(splits) == 1)
    assert split_of_joined(some, "s") in splits


@given(keys)
def test_nothing_that_was_trained_on_is_tested_with(some):
    splits = {split_of(key, "s") for key in some}
    found = split_of_joined(some, "s")
    assert found == next(name for name in (TRAIN, VALIDATION, TEST) if name in splits)


@given(keys, st.randoms())
def test_the_order_of_the_keys_makes_no_difference(some, random):
    assert split_of_joined(some, "s") == split_of_joined(random.sample(some, len(some)), "s")


@given(keys, keys)
def test_another_join_never_leads_back_to_the_test_set(some, more):
    assume(split_of_joined(some, "s") != TEST)
    assert split_of_joined([*some, *more], "s") != TEST


def test_no_key_is_refused():
    with pytest.raises(ValueError):
        split_of_joined([], "s")
