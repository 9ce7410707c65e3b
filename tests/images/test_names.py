"""The sender's file names: what is accepted, found again, and never kept in clear."""

import uuid
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from images import names
from images.errors import Refused

SITE, OTHER = uuid.uuid4(), uuid.uuid4()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a.png", "a.png"),
        ("./a//b.png", "a/b.png"),
        ("a\\b.png", "a/b.png"),
        ("radiografi\u0301a.png", "radiograf\u00eda.png"),
        ("...png", "...png"),
    ],
)
def test_normalised(typed, kept):
    assert names.normalised(typed) == kept


@given(st.text())
def test_what_is_accepted_stays_in_its_folder(typed):
    with suppress(Refused):
        name = names.normalised(typed)
        assert not name.startswith("/")
        assert ".." not in name.split("/")
        assert names.normalised(name) == name


def test_capital_letters_make_no_difference():
    assert names.key_of(SITE, "Radiografía.PNG") == names.key_of(SITE, "radiografía.png")


def test_institutions_have_other_keys_for_one_name():
    assert names.key_of(SITE, "a.png") != names.key_of(OTHER, "a.png")


def test_sealed_name_comes_back():
    assert names.shown_name(SITE, names.sealed_name(SITE, "Juan/a.png")) == "Juan/a.png"


# With names of their own: a seal looks different each time, and xdist compares.
@pytest.mark.parametrize(
    "box", [b"", b"nonsense", names.sealed_name(OTHER, "a.png")], ids=["wiped", "nonsense", "moved"]
)
def test_name_that_cannot_be_opened_is_empty(box):
    assert names.shown_name(SITE, box) == ""


@pytest.mark.parametrize(
    ("name", "folder"), [("a.png", ""), ("P-1/a.png", "P-1"), ("all/P-1/a.png", "P-1")]
)
def test_folder(name, folder):
    assert names.folder_of(name) == folder
