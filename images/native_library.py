"""The library of `images/native/`, which setuptools compiles when the project is installed.

Where there is no C compiler there is no library: zlib, Pillow and NumPy do the same, in more time.
"""

from __future__ import annotations

import ctypes
import logging
import zlib
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Bytes = NDArray[np.uint8]
Pixels = NDArray[np.uint8] | NDArray[np.uint16]
Whole = NDArray[np.int32]
Grey = NDArray[np.float32]
Places = NDArray[np.uint32]
Numbers = NDArray[np.float64]

logger = logging.getLogger(__name__)

BILINEAR: Final = Image.Resampling.BILINEAR
FOLDER: Final = Path(__file__).with_name("native")
# FILM_BEYOND of film.h.
_BEYOND: Final = 64
_AT, _SIZE, _INT, _FLOAT = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_float
# Result and arguments of each function, as in film.h.
_FUNCTIONS: Final[dict[str, tuple[Any, list[Any]]]] = {
    "film_packed": (_SIZE, [_AT, _SIZE, _AT]),
    "film_packed_room": (_SIZE, [_SIZE]),
    "film_most_weights": (_INT, [_INT, _INT]),
    "film_weights": (None, [_INT, _INT, _AT, _AT, _AT]),
    "film_fewer_rows": (None, [_AT, _INT, _INT, _INT, _AT, _AT, _AT, _AT]),
    "film_turned": (None, [_AT, _INT, _INT, _AT]),
    "film_grey_most_weights": (_INT, [_INT, _INT]),
    "film_grey_weights": (None, [_INT, _INT, _AT, _AT, _AT]),
    "film_grey_room": (_SIZE, [_INT, _INT, _INT]),
    "film_grey": (None, [_AT, _INT, _INT, _INT, _FLOAT, _FLOAT, _INT, _AT, _AT, _AT, _AT]),
    "film_strokes_room": (_SIZE, [_INT, _INT]),
    "film_strokes": (None, [_AT, _INT, _INT, _AT, _AT, _AT]),
    "film_places": (_SIZE, [_AT, _SIZE, _INT, _SIZE, _AT]),
    "film_pieces_room": (_SIZE, [_SIZE]),
    "film_pieces": (_SIZE, [_AT, _INT, _INT, _AT, _SIZE, _INT, _AT, _AT]),
    "film_rows": (None, [_AT, ctypes.c_int64, _AT, _AT]),
}


class _Weights(ctypes.Structure):
    _fields_ = (("most", _INT), ("first", _AT), ("count", _AT), ("weights", _AT))


def is_built() -> bool:
    """Whether there is a library that belongs to these sources and does what zlib and Pillow do."""
    library = _library()
    return library is not None and _is_sound(library)


def packed(content: Bytes) -> memoryview:
    """A zlib stream (RFC 1950) of the bytes of a C-contiguous array, of Huffman codes alone."""
    library = _library()
    room = np.empty(library.film_packed_room(content.size), np.uint8)
    length = library.film_packed(content.ctypes.data, content.size, room.ctypes.data)
    return room[:length].data


def fewer_columns(grey: Bytes, width: int) -> Bytes:
    """Lanczos filtering of C-contiguous (H, W) to (H, width), which is less than W."""
    return turned(fewer_rows(turned(grey), width))


def fewer_rows(grey: Bytes, height: int) -> Bytes:
    """Lanczos filtering of C-contiguous (H, W) to (height, W), which is less than H."""
    most, first, count, weights = _weights(len(grey), height)
    width = grey.shape[1]
    fewer = np.empty((height, width), np.uint8)
    tables = first.ctypes.data, count.ctypes.data, weights.ctypes.data
    _library().film_fewer_rows(
        grey.ctypes.data, width, height, most, *tables, fewer.ctypes.data
    )  # fmt: skip
    return fewer


def turned(grey: Bytes) -> Bytes:
    """C-contiguous (H, W) to C-contiguous (W, H)."""
    height, width = grey.shape
    columns = np.empty((width, height), np.uint8)
    _library().film_turned(grey.ctypes.data, height, width, columns.ctypes.data)
    return columns


def small_grey(array: Pixels, low: float, high: float, side: int) -> Grey:
    """C-contiguous uint8 or uint16 (H, W) to float32 (side, side), `low` to `high` being 0 to 1.

    Triangle filtering, in both directions to fewer or more; columns first.
    """
    library, (height, width) = _library(), array.shape
    room = np.empty(library.film_grey_room(height, width, side), np.float32)
    grey = np.empty((side, side), np.float32)
    # Held until the library is done: another thread may push them out of the cache.
    across, down = _grey_weights(width, side), _grey_weights(height, side)
    library.film_grey(
        array.ctypes.data, array.itemsize, height, width, low, high - low, side,
        ctypes.addressof(across[0]), ctypes.addressof(down[0]), room.ctypes.data, grey.ctypes.data,
    )  # fmt: skip
    return grey


def strokes(grey: Bytes) -> tuple[Bytes, Bytes]:
    """White and black strokes of C-contiguous (H, W), as `images.burned_in.strokes` has them."""
    library, (height, width) = _library(), grey.shape
    room = np.empty(library.film_strokes_room(height, width), np.uint8)
    white, black = np.empty((2, height, width), np.uint8)
    library.film_strokes(
        grey.ctypes.data, height, width, room.ctypes.data, white.ctypes.data, black.ctypes.data
    )  # fmt: skip
    return white, black


def places(values: Bytes, level: int, most: int) -> Places | None:
    """Where values of a C-contiguous array are `level` or more, in the flat array; None for more
    than `most` places."""
    found = np.empty(most + _BEYOND, np.uint32)
    count = _library().film_places(values.ctypes.data, values.size, level, most, found.ctypes.data)
    return found[:count] if count <= most else None


def pieces(strengths: Bytes, level: int, reached: Places, picture: int) -> Numbers:
    """Pieces of C-contiguous (H, W) that reach `level`, of places where they may: rows of eight as
    `images.burned_in.strokes` has them, first as they stand, then as many of the turned picture."""
    library, count = _library(), len(reached)
    room = np.empty(library.film_pieces_room(count), np.uint8)
    table = np.empty((2 * count, 8), np.float64)
    found = library.film_pieces(
        strengths.ctypes.data, strengths.shape[1], level, reached.ctypes.data, count, picture,
        room.ctypes.data, table.ctypes.data,
    )  # fmt: skip
    return table[: 2 * found]


def rows(letters: Numbers, nearness: Numbers) -> NDArray[np.int64]:
    """The row of each letter, as `images.burned_in.neighbours` has them; both are C-contiguous."""
    label = np.empty(len(letters), np.int64)
    _library().film_rows(
        letters.ctypes.data, len(letters), nearness.ctypes.data, label.ctypes.data
    )  # fmt: skip
    return label


# Films of one device have one size; an entry takes some 20 kB.
@lru_cache(maxsize=64)
def _weights(length: int, side: int) -> tuple[int, Whole, Whole, Whole]:
    """The most weights that a place has; the first value, their number and themselves of each."""
    library = _library()
    most: int = library.film_most_weights(length, side)
    first, count = np.empty((2, side), np.int32)
    weights = np.zeros((side, most), np.int32)
    library.film_weights(
        length, side, first.ctypes.data, count.ctypes.data, weights.ctypes.data
    )  # fmt: skip
    return most, first, count, weights


@lru_cache(maxsize=64)
def _grey_weights(length: int, side: int) -> tuple[_Weights, tuple[Any, ...]]:
    """The same for grey values, as the library reads it, and the arrays that it names."""
    library = _library()
    most: int = library.film_grey_most_weights(length, side)
    first, count = np.empty((2, side), np.int32)
    weights = np.zeros((side, most), np.float64)
    places = first.ctypes.data, count.ctypes.data, weights.ctypes.data
    library.film_grey_weights(length, side, *places)
    return _Weights(most, *places), (first, count, weights)


@cache
def _is_sound(_of: Any) -> bool:
    """Compilers and processors have faults, and what is packed is the only copy of a film: one
    drawn picture is tried in each process, beside what zlib and Pillow make of it."""
    drawn = np.random.default_rng(16).normal(128, 9, (331, 407)).clip(0, 255).astype(np.uint8)
    narrow = Image.fromarray(drawn).resize((203, 331), Image.Resampling.LANCZOS)
    unit = Image.fromarray((drawn / np.float32(255)).astype(np.float32))
    grey = unit.resize((224, 331), BILINEAR).resize((224, 224), BILINEAR)
    is_sound = (
        _unpacked(packed(drawn)) == drawn.tobytes()
        and np.array_equal(fewer_columns(drawn, 203), np.asarray(narrow))
        and np.allclose(small_grey(drawn, 0.0, 255.0, 224), np.asarray(grey), atol=1e-6)
    )
    if not is_sound:
        logger.error("compiled library computes wrongly, not used library=images.native")
    return is_sound


def _unpacked(stream: memoryview) -> bytes:
    """Empty for what is no zlib stream."""
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return b""


@cache
def _library() -> Any:
    """The library, or None."""
    found = sorted(FOLDER.glob("_film*.so"))
    try:
        library = ctypes.CDLL(str(found[0]))
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except (IndexError, OSError, AttributeError):
        # None was built, it is damaged, or it was built from older sources.
        return None
    return library
