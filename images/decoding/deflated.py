"""Deflated DICOM data sets, unpacked at a bounded cost."""

from __future__ import annotations

import io
import zlib
from typing import BinaryIO, Final

from images.decoding.limits import Limits
from images.decoding.reasons import Unreadable

_BLOCK: Final = 1 << 20
# A file meta group that says "Explicit VR Little Endian" and nothing more.
_PLAIN_HEAD: Final = bytes(128) + b"DICM\x02\x00\x10\x00UI\x14\x001.2.840.10008.1.2.1\0"


def inflated(stream: BinaryIO, limits: Limits) -> BinaryIO:
    """The same file uncompressed; `stream` stands at the first deflated byte.

    Source: PS3.5 A.5 (a bare RFC 1951 stream). 306 KB can become 952 MB, so unpacking ends where
    an uncompressed file would have been too large. Raises Unreadable (`dicom-too-large`,
    `truncated`) and zlib.error.
    """
    plain, unpacker = io.BytesIO(), zlib.decompressobj(-zlib.MAX_WBITS)
    plain.write(_PLAIN_HEAD)
    packed = b""
    while not unpacker.eof:
        packed = unpacker.unconsumed_tail or stream.read(_BLOCK)
        if not packed:
            raise Unreadable("truncated")
        plain.write(unpacker.decompress(packed, _BLOCK))
        if plain.tell() > limits.max_bytes:
            raise Unreadable("dicom-too-large", megabytes=limits.max_bytes >> 20)
    plain.seek(0)
    return plain
