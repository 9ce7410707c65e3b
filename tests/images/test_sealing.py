"""Files sealed in chunks: nothing of them is readable, and every change is noticed."""

import io
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from images import sealing
from images.keys import Unsealable
from images.sealing import MAGIC, SALT_BYTES, TAG_BYTES, sealed_chunks, unsealed_chunks

SITE, PURPOSE = uuid.UUID(int=1), "test"
HEAD = len(MAGIC) + SALT_BYTES


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch) -> None:
    monkeypatch.setattr(sealing, "CHUNK_BYTES", 16)


def sealed(content: bytes, site=SITE, purpose=PURPOSE) -> bytes:
    return b"".join(sealed_chunks(site, purpose, io.BytesIO(content)))


def opened(box: bytes, site=SITE, purpose=PURPOSE) -> bytes:
    return b"".join(unsealed_chunks(site, purpose, io.BytesIO(box)))


@settings(max_examples=60)
@given(st.binary(max_size=80))
def test_what_was_sealed_opens(content):
    assert sealing.CHUNK_BYTES == 16
    assert opened(sealed(content)) == content


def test_nothing_of_it_is_readable():
    assert b"GOMEZ" not in sealed(b"GOMEZ^ANA" * 20)


def test_the_same_file_is_sealed_differently_each_time():
    assert sealed(b"x" * 40) != sealed(b"x" * 40)


@given(st.integers(0, 100))
def test_a_cut_file_does_not_open(cut):
    box = sealed(b"x" * 48)
    with pytest.raises(Unsealable):
        opened(box[: len(box) - 1 - cut])


def test_a_file_without_its_last_chunk_does_not_open():
    box = sealed(b"x" * 48)
    with pytest.raises(Unsealable):
        opened(box[: HEAD + 2 * (16 + TAG_BYTES)])


def test_swapped_chunks_do_not_open():
    box, size = sealed(bytes(range(48))), 16 + TAG_BYTES
    first, second, last = (box[HEAD + start :][:size] for start in (0, size, 2 * size))
    with pytest.raises(Unsealable):
        opened(box[:HEAD] + second + first + last)


def test_an_appended_byte_is_noticed():
    with pytest.raises(Unsealable):
        opened(sealed(b"x" * 20) + b"y")


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_a_flipped_bit_is_noticed(place, bit):
    box = bytearray(sealed(b"x" * 40))
    box[place % len(box)] ^= 1 << bit
    with pytest.raises(Unsealable):
        opened(bytes(box))


@pytest.mark.parametrize(("site", "purpose"), [(uuid.UUID(int=2), PURPOSE), (SITE, "other")])
def test_it_opens_for_its_site_and_purpose_alone(site, purpose):
    with pytest.raises(Unsealable):
        opened(sealed(b"x"), site, purpose)
