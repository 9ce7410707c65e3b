"""Which keys begin with the letters that somebody typed."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from images.search import SHORTEST_KEY, keys_beginning


@given(key=st.uuids(), length=st.integers(SHORTEST_KEY, 36))
def test_a_key_lies_between_the_keys_that_begin_as_it_does(key, length):
    text = str(key)[:length]
    found = keys_beginning(text)
    if len(text.replace("-", "")) >= SHORTEST_KEY:
        assert found is not None
        assert found[0] <= key <= found[1]


@given(text=st.text(max_size=40))
def test_no_text_breaks_it(text):
    found = keys_beginning(text)
    assert found is None or found[0] <= found[1]


@pytest.mark.parametrize("text", ["", "abc", "P-0007", "xyz12345", "1" * 33, "-----"])
def test_what_begins_no_key(text):
    assert keys_beginning(text) is None


def test_letters_may_be_large():
    assert keys_beginning("ABCD") == (UUID("abcd" + "0" * 28), UUID("abcd" + "f" * 28))
