"""Which part of a file a Range header asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from images.ranges import Stretch, Unsatisfiable, range_still_counts, wanted_stretch

ETAG = '"abc"'


@pytest.mark.parametrize(
    ("header", "first", "count"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=2-4", 2, 3),
        ("bytes=2-", 2, 8),
        ("bytes=-3", 7, 3),
        ("bytes=-30", 0, 10),
        ("bytes=4-400", 4, 6),
        ("BYTES= 4-5 ", 4, 2),
    ],
)
def test_one_range_is_understood(header, first, count):
    assert wanted_stretch(header, 10) == Stretch(first, count, 10)


@pytest.mark.parametrize(
    "header",
    ["", "bytes", "bytes=", "bytes=-", "bytes=5-4", "bytes=0-1,4-5", "lines=0-1", "bytes=a-b",
     "bytes=0x1-2", "bytes=٣-", "bytes=-1-2", "bytes=" + "9" * 5000 + "-"],
)  # fmt: skip
def test_what_is_no_single_range_is_ignored(header):
    assert wanted_stretch(header, 10) is None


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=10-", 10), ("bytes=99-100", 10), ("bytes=-0", 10), ("bytes=-5", 0)]
)
def test_a_range_behind_the_end_is_unsatisfiable(header, size):
    with pytest.raises(Unsatisfiable):
        wanted_stretch(header, size)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(1, 50))
def test_a_stretch_is_what_slicing_gives(first, last, size):
    content = bytes(range(size))
    try:
        found = wanted_stretch(f"bytes={first}-{last}", size)
    except Unsatisfiable:
        assert content[first:] == b""
        return
    if found is None:
        assert last < first
        return
    assert content[found.first : found.first + found.count] == content[first : last + 1]
    assert found.content_range == f"bytes {first}-{min(last, size - 1)}/{size}"


@pytest.mark.parametrize(
    ("header", "counts"),
    [
        ("", True),
        (ETAG, True),
        ('"other"', False),
        ('W/"abc"', False),
        ("Sat, 21 Nov 2026 09:00:00 GMT", False),
    ],
)
def test_if_range_matches_strong_tags_alone(header, counts):
    assert range_still_counts(header, ETAG) is counts
