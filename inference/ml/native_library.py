"""The library of `inference/ml/native/`, which setuptools compiles when the project is installed.

Where there is no C compiler, or another processor than the sources are for, there is no library,
and other engines compute.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

FOLDER: Final = Path(__file__).with_name("native")
_AT, _INT, _TEXT = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
_FLOATS: Final = ctypes.POINTER(ctypes.c_float)
_TABLE: Final = ctypes.POINTER(_FLOATS)
# Result and arguments of each function, as in vgg.h.
_FUNCTIONS: Final[dict[str, tuple[Any, list[Any]]]] = {
    "vgg_create": (_AT, [_TABLE, _TABLE, _INT, _TEXT]),
    "vgg_features_many": (None, [_AT, _INT, _FLOATS, _FLOATS, _FLOATS]),
    "vgg_begin": (_AT, [_AT, _INT, _FLOATS, _FLOATS, _FLOATS]),
    "vgg_await_taken": (None, [_AT]),
    "vgg_await_computed": (_INT, [_AT]),
    "vgg_end": (None, [_AT]),
    "vgg_destroy": (None, [_AT]),
    "vgg_method": (_TEXT, [_TEXT]),
}


class NoNativeLibrary(Exception):
    """It was not built here, or not of these sources, or this processor cannot run it; the message
    says which."""


def best_method(wanted: str | None = None) -> str:
    """``amx``, ``avx512`` or ``avx2``, the best of this processor or the one that is ``wanted``.

    Raises NoNativeLibrary.
    """
    found: bytes | None = _library().vgg_method(_text(wanted))
    if found is None:
        raise NoNativeLibrary(f"this processor has no {wanted or 'AVX2'}")
    return found.decode()


class Network:
    """VGG16's convolutions with these numbers. Any thread may ask; they are served in turn.

    ``weights`` (out, in, 3, 3) and ``biases`` (out,), 13 of each; ``method`` as ``best_method``
    gave it. A process that is forked off computes with one thread. Raises MemoryError.
    """

    def __init__(
        self, weights: Sequence[Array], biases: Sequence[Array], threads: int, method: str
    ) -> None:
        self._library = _library()
        # Kept while the library reads them: it makes numbers of its own of them.
        kept = [[_plain(array) for array in arrays] for arrays in (weights, biases)]
        tables = [(_FLOATS * len(arrays))(*map(_address, arrays)) for arrays in kept]
        self._handle = self._library.vgg_create(*tables, threads, _text(method))
        if not self._handle:
            raise MemoryError("there is no room for the network's numbers")

    def features(self, images: Array, features: Array, before_pooling: Array | None = None) -> None:
        """Fill ``features`` (N, 25088) of ``images`` (N, 3, 224, 224), and (N, 512, 14, 14) if
        given, which both lie as numpy makes them.

        An image's numbers are the same to the last bit in any company and with any threads.
        """
        plain = _plain(images)
        room = None if before_pooling is None else _address(before_pooling)
        self._library.vgg_features_many(
            self._handle, len(plain), _address(plain), _address(features), room
        )

    def begin(self, images: Array, features: Array) -> Begun:
        """The same while the caller does something else; the threads go on with the batch after it
        while the last images of this one are computed. ``images`` stay as they are meanwhile.

        A single image, which all threads compute together, is done before this returns, and so is
        any in a process that was forked off. Raises MemoryError.
        """
        return Begun(self._library, self._handle, _plain(images), features)

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            self._library.vgg_destroy(self._handle)


class Begun:
    """A batch that a network computes. Any thread may wait for it, as often as it likes.

    It keeps the memory that the network's threads read and write, so whoever lets go of it, asked
    or not, waits for them. The network itself lasts as long.
    """

    def __init__(self, library: Any, network: int, images: Array, features: Array) -> None:
        self._library, self._images, self._features = library, images, features
        places = _address(images), _address(features)
        self._ticket = library.vgg_begin(network, len(images), *places, None)
        if not self._ticket:
            raise MemoryError("there is no room for another batch")

    def wait_until_taken(self) -> None:
        """Until no image of it waits for a thread any more: the next batch may follow."""
        self._library.vgg_await_taken(self._ticket)

    def result(self) -> Array:
        """The features, once all are computed.

        Raises RuntimeError in a process that was forked off before they were.
        """
        if not self._library.vgg_await_computed(self._ticket):
            raise RuntimeError("another process computes the batch: it began before this fork")
        return self._features

    def __del__(self) -> None:
        if getattr(self, "_ticket", None):
            self._library.vgg_end(self._ticket)


@cache
def _library() -> Any:
    found = sorted(FOLDER.glob("_vgg*.so"))
    if not found:
        raise NoNativeLibrary("it was not built: a C compiler (gcc) was missing at installation")
    try:
        return _declared(ctypes.CDLL(str(found[0])))
    except OSError as problem:
        raise NoNativeLibrary(f"{found[0].name} cannot be loaded") from problem
    except AttributeError as problem:
        raise NoNativeLibrary(
            f"{found[0].name} is of other sources: install the project again"
        ) from problem


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def _plain(array: Array) -> Array:
    return np.ascontiguousarray(array, dtype=np.float32)


def _address(array: Array) -> Any:
    return array.ctypes.data_as(_FLOATS)


def _text(name: str | None) -> bytes | None:
    return None if name is None else name.encode()
