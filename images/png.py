"""Writing the lossless PNG (ISO/IEC 15948) in which radiographs are stored, quickly.

Neighbouring rows of a radiograph differ by noise, in which there is nothing to repeat: one filter
(Up, clause 9.2) and Huffman codes alone make files a little smaller than the general search for
repetitions does, in a quarter of the time (8 bit: 1.5 against 5.7 ms, 16 bit: 3.4 against 12.3 ms
for 512x512). A library of our own makes the same codes in a third of zlib's time.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from images import native_library

Packed = bytes | memoryview

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_GREY, _RGB = 0, 2
_UP: Final = 2
_WINDOW_BITS, _MEMORY_LEVEL = 15, 9


def encoded(array: NDArray[Any]) -> bytes:
    """The PNG file of uint8 or uint16 (H, W), or uint8 (H, W, 3), without any metadata."""
    height, width = array.shape[:2]
    colour = _RGB if array.ndim == 3 else _GREY
    header = struct.pack(">IIBBBBB", width, height, 8 * array.itemsize, colour, 0, 0, 0)
    pixels = _compressed(_filtered(array))
    return b"".join(
        [_SIGNATURE, *_chunk(b"IHDR", [header]), *_chunk(b"IDAT", pixels), *_chunk(b"IEND", [])]
    )


def _filtered(array: NDArray[Any]) -> NDArray[np.uint8]:
    """Each row less the row above, byte by byte, behind the number of the filter."""
    big_endian = np.ascontiguousarray(array, array.dtype.newbyteorder(">"))
    rows = big_endian.view(np.uint8).reshape(len(array), -1)
    filtered = np.empty((len(rows), rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = _UP
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    return filtered


def _compressed(filtered: NDArray[np.uint8]) -> list[Packed]:
    if native_library.is_built():
        return [native_library.packed(filtered)]
    packer = zlib.compressobj(1, zlib.DEFLATED, _WINDOW_BITS, _MEMORY_LEVEL, zlib.Z_HUFFMAN_ONLY)
    return [packer.compress(filtered.data), packer.flush()]


def _chunk(kind: bytes, data: Sequence[Packed]) -> Iterator[Packed]:
    """Length, kind, data and checksum; the data, of megabytes at times, is not copied."""
    yield struct.pack(">I", sum(map(len, data)))
    checksum = 0
    for part in (kind, *data):
        checksum = zlib.crc32(part, checksum)
        yield part
    yield struct.pack(">I", checksum)
