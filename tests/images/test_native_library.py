"""The compiled library for packing and shrinking: there, or done without."""

import _ctypes
import platform
import shutil
import zlib

import numpy as np
import pytest

from images import native_library
from images.png import encoded

is_for_this = platform.system() == "Linux" and shutil.which("gcc")
needs_library = pytest.mark.skipif(not native_library.is_built(), reason="it was not built here")
rng = np.random.default_rng(7)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty folder in place of the one with the library."""
    native_library._library.cache_clear()
    monkeypatch.setattr(native_library, "FOLDER", tmp_path)
    yield tmp_path
    native_library._library.cache_clear()


@pytest.mark.skipif(not is_for_this, reason="cannot be compiled here")
def test_installing_the_project_compiled_it():
    assert native_library.is_built()


def test_where_it_was_not_built_zlib_packs(place):
    assert not native_library.is_built()
    assert encoded(np.zeros((70, 70), np.uint8)).endswith(b"IEND\xaeB`\x82")


def test_a_damaged_library_is_no_library(place):
    (place / "_film.so").write_bytes(b"\x7fELF and no more")
    assert not native_library.is_built()


def test_a_library_of_other_sources_is_no_library(place):
    shutil.copy(_ctypes.__file__, place / "_film.so")
    assert not native_library.is_built()


@needs_library
@pytest.mark.parametrize("name", ["packed", "packed at all", "fewer_columns", "small_grey"])
def test_one_that_computes_wrongly_is_not_used(monkeypatch, caplog, name):
    function = name.split()[0]
    right = getattr(native_library, function)
    monkeypatch.setattr(native_library, function, lambda *given: WRONG[name](right(*given)))
    native_library._is_sound.cache_clear()
    assert not native_library.is_built()
    assert "computes wrongly" in caplog.text
    native_library._is_sound.cache_clear()


WRONG = {
    "packed": lambda _stream: zlib.compress(b"another film"),
    "packed at all": lambda _stream: b"no stream",
    "fewer_columns": lambda grey: grey + 1,
    "small_grey": lambda grey: grey * 1.001,
}


def counts_as_unlike_as_can_be():
    """Each byte as often as the two before it: Huffman's codes would be longer than allowed."""
    counts = [1, 1]
    while sum(counts) < 30_000:
        counts.append(counts[-1] + counts[-2])
    return np.repeat(np.arange(len(counts)), counts)


CONTENTS = {
    "nothing": np.zeros(0),
    "one byte": np.full(1, 9),
    "two bytes": np.arange(2),
    "one value": np.full(100_000, 255),
    "every value once": np.arange(256),
    "noise": rng.integers(0, 256, 99_999),
    "what remains of a film": rng.normal(0, 3, 262_656).astype(int) % 256,
    "rare values": np.minimum(rng.zipf(1.3, 150_000), 255),
    "counts as unlike as can be": counts_as_unlike_as_can_be(),
    "less than a block": rng.integers(0, 9, 32_767),
    "a block": rng.integers(0, 9, 32_768),
    "more than a block": rng.integers(0, 9, 32_769),
}


@needs_library
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
def test_zlib_reads_what_was_packed(content):
    content = content.astype(np.uint8)
    assert zlib.decompress(native_library.packed(content)) == content.tobytes()


@needs_library
@pytest.mark.parametrize("name", ["noise", "what remains of a film", "one value", "rare values"])
def test_it_packs_as_well_as_zlib(name):
    content = CONTENTS[name].astype(np.uint8)
    packer = zlib.compressobj(1, zlib.DEFLATED, 15, 9, zlib.Z_HUFFMAN_ONLY)
    theirs = len(packer.compress(content.data) + packer.flush())
    assert len(native_library.packed(content)) < 1.03 * theirs


@needs_library
@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (8, 8), (65, 63), (512, 617)])
def test_turned_is_transposed(shape):
    grey = rng.integers(0, 256, shape, np.uint8)
    assert np.array_equal(native_library.turned(grey), grey.T)
