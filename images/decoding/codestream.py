"""Read what compressed data claims to hold, before a codec allocates memory for it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO, Final

_FRAME_MARKERS: Final = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}
_STANDALONE_MARKERS: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_MAX_SEGMENTS: Final = 4096
# Usual progressive files have about ten scans; each costs a pass over all pixels, so a small file
# with thousands of them would keep a worker busy for hours.
_MAX_SCANS: Final = 32
# Real files use one tile, or a few hundred; each costs the decoder some kilobytes before use.
_MAX_TILES: Final = 4096


@dataclass(frozen=True)
class Claim:
    """What a header says: sides in pixels, bits per sample, samples per pixel."""

    width: int
    height: int
    bits: int
    samples: int


def jpeg_claim(stream: BinaryIO) -> Claim | None:
    """Return the frame header (SOFn, or SOF55 of JPEG-LS) from the stream's position on.

    Source: ITU-T T.81 B.2.2, T.87 C.2.2. None when the data ends or a scan begins before it.
    """
    if stream.read(2) != b"\xff\xd8":
        return None
    for _ in range(_MAX_SEGMENTS):
        marker = _next_marker(stream)
        if marker in _STANDALONE_MARKERS:
            continue
        size = stream.read(2)
        if marker in (-1, 0xD9, 0xDA) or len(size) < 2:
            return None
        if marker in _FRAME_MARKERS:
            fields = stream.read(6)
            return Claim(*_reordered(fields)) if len(fields) == 6 else None
        stream.seek(max(int.from_bytes(size, "big") - 2, 0), 1)
    return None


def _reordered(fields: bytes) -> tuple[int, int, int, int]:
    bits, height, width, samples = struct.unpack(">BHHB", fields)
    return width, height, bits, samples


def _next_marker(stream: BinaryIO) -> int:
    """Return the marker byte after any fill bytes, or -1."""
    if stream.read(1) != b"\xff":
        return -1
    while (byte := stream.read(1)) == b"\xff":
        pass
    return byte[0] if byte else -1


def has_too_many_scans(stream: BinaryIO) -> bool:
    """Count start-of-scan markers; inside compressed data FF is always followed by 00."""
    count, last = 0, b""
    while block := stream.read(1 << 20):
        count += (last + block).count(b"\xff\xda")
        last = block[-1:]
    return count > _MAX_SCANS


def jpeg2000_claim(data: bytes) -> Claim | None:
    """Return the SIZ segment of a JPEG 2000 codestream, bare or inside a JP2 box.

    Source: ITU-T T.800 A.5.1. None when there is none, or when it cuts the picture into so many
    tiles that it can only be meant to exhaust memory.
    """
    start = data.find(b"\xff\x4f\xff\x51", 0, 4096)
    fields = data[start + 8 : start + 43]
    if start < 0 or len(fields) < 35:
        return None
    x1, y1, x0, y0, tile_w, tile_h, tile_x, tile_y, samples, bits = struct.unpack(">8IHB", fields)
    if not tile_w or not tile_h or tile_x > x0 or tile_y > y0:
        return None
    if -(-(x1 - tile_x) // tile_w) * -(-(y1 - tile_y) // tile_h) > _MAX_TILES:
        return None
    return Claim(x1 - x0, y1 - y0, (bits & 0x7F) + 1, samples)


def rle_fits(frame: bytes, segment_bytes: int) -> bool:
    """Say whether no RLE segment of the frame unpacks to more than it should.

    Two bytes unpack to as many as 128, so a file of 60 MB can ask for 4 GB. A segment may carry
    some padding, hence the margin of one run. Source: DICOM PS3.5 annex G.
    """
    if len(frame) < 64:
        return False
    count, *offsets = struct.unpack("<16L", frame[:64])
    if not 0 < count <= 15:
        return False
    ends = [*offsets[1:count], len(frame)]
    return all(
        _unpacked_length(frame[start:end], segment_bytes + 128) <= segment_bytes + 128
        for start, end in zip(offsets, ends, strict=False)
    )


def _unpacked_length(segment: bytes, limit: int) -> int:
    position = length = 0
    while position < len(segment) and length <= limit:
        code = segment[position]
        if code < 128:
            position, length = position + code + 2, length + code + 1
        elif code > 128:
            position, length = position + 2, length + 257 - code
        else:
            position += 1
    return length
