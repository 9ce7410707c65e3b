"""The compiled kernels: there where they can be compiled, else a reason why not."""

import _ctypes
import platform
import shutil

import pytest

from inference.ml import native_library
from inference.ml.native_library import NoNativeLibrary, best_method

is_for_this = platform.machine() == "x86_64" and platform.system() == "Linux"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty folder in place of the one with the library."""
    native_library._library.cache_clear()
    monkeypatch.setattr(native_library, "FOLDER", tmp_path)
    yield tmp_path
    native_library._library.cache_clear()


@pytest.mark.skipif(not is_for_this or not shutil.which("gcc"), reason="cannot be compiled here")
def test_installing_the_project_compiled_it():
    assert [path.suffix for path in native_library.FOLDER.glob("_vgg*")] == [".so"]


def test_where_it_was_not_built_the_reason_is_told(place):
    with pytest.raises(NoNativeLibrary, match="a C compiler"):
        best_method()


def test_a_damaged_library_is_no_library(place):
    (place / "_vgg.so").write_bytes(b"\x7fELF and no more")
    with pytest.raises(NoNativeLibrary, match=r"_vgg\.so cannot be loaded"):
        best_method()


def test_a_library_of_other_sources_is_no_library(place):
    """As after an update of the sources alone: it loads, but lacks a function."""
    shutil.copy(_ctypes.__file__, place / "_vgg.so")
    with pytest.raises(NoNativeLibrary, match="install the project again"):
        best_method()


def test_a_method_that_the_processor_has_not(monkeypatch):
    class Library:
        @staticmethod
        def vgg_method(wanted):
            return None

    monkeypatch.setattr(native_library, "_library", lambda: Library)
    with pytest.raises(NoNativeLibrary, match="this processor has no amx"):
        best_method("amx")


@pytest.mark.skipif(not is_for_this, reason="the library is for other processors")
def test_an_unknown_method_is_none():
    with pytest.raises(NoNativeLibrary):
        best_method("abacus")
