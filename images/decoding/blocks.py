"""Which blocks of a PNG or JPEG, other than its pixels, stay behind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final, Literal

from PIL import ExifTags, Image

from images.decoding.reasons import HOSTILE
from images.decoding.report import Block

# Enough for 50 million pixels in the smallest chunks that writers make; what comes after is not
# told apart, it stays behind all the same.
_MOST_BLOCKS: Final = 65_536
_SCANNED: Final = 1 << 18
_SEGMENT_HEAD: Final = 64
_EXIF_BYTES: Final = 1 << 20
_GPS: Final = 0x8825
# How the picture is packed and shown; nothing of a person fits in.
_TECHNICAL_CHUNKS: Final = frozenset(
    b"IHDR PLTE IDAT IEND tRNS cHRM gAMA sBIT sRGB cICP bKGD hIST pHYs".split()
)
_TEXT_CHUNKS: Final = frozenset((b"tEXt", b"zTXt", b"iTXt"))
_RAW_PROFILES: Final[dict[bytes, Block]] = {
    b"XML:com.adobe.xmp": "xmp",
    b"Raw profile type xmp": "xmp",
    b"Raw profile type exif": "exif",
    b"Raw profile type APP1": "exif",
    b"Raw profile type iptc": "iptc",
    b"Raw profile type 8bim": "iptc",
    b"Raw profile type icc": "icc",
}
# Heads of application segments: marker, first bytes.
_SEGMENTS: Final[tuple[tuple[int, bytes, Block], ...]] = (
    (0xE0, b"JFXX\0", "thumbnail"),
    (0xE1, b"Exif\0", "exif"),
    (0xE1, b"http://ns.adobe.com/x", "xmp"),
    (0xE2, b"ICC_PROFILE\0", "icc"),
    (0xE2, b"MPF\0", "second-picture"),
    (0xED, b"Photoshop", "iptc"),
    (0xFE, b"", "comment"),
)
_NEXT_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def blocks_of(stream: BinaryIO, kind: Literal["png", "jpeg"]) -> tuple[Block, ...]:
    """Kinds of blocks that the picture's pixels were freed of, in alphabetical order.

    Never fails: the pixels are decoded already, and what cannot be read is `other`.
    """
    stream.seek(0)
    try:
        found = set(_png_blocks(stream) if kind == "png" else _jpeg_blocks(stream))
    except HOSTILE:
        found = {"other"}
    return tuple(sorted(found))


def _png_blocks(stream: BinaryIO) -> Iterator[Block]:
    """Source: ISO/IEC 15948, 5.3 and 11.3; the PNG extensions for EXIF."""
    stream.seek(8)
    for _ in range(_MOST_BLOCKS):
        head = stream.read(8)
        size, name = int.from_bytes(head[:4], "big"), head[4:]
        start = stream.tell()
        yield from _png_block(stream, name, size)
        if name == b"IEND" or len(head) < 8:
            break
        stream.seek(start + size + 4)
    yield from _after(stream, start + 4)


def _png_block(stream: BinaryIO, name: bytes, size: int) -> Iterator[Block]:
    if name in _TECHNICAL_CHUNKS:
        return
    if name == b"eXIf":
        yield from _exif(stream.read(min(size, _EXIF_BYTES)))
    elif name in _TEXT_CHUNKS:
        keyword = stream.read(min(size, 80)).partition(b"\0")[0]
        yield _RAW_PROFILES.get(keyword, "text")
    else:
        named: dict[bytes, Block] = {b"iCCP": "icc", b"tIME": "time"}
        yield named.get(name, "other")


def _jpeg_blocks(stream: BinaryIO) -> Iterator[Block]:
    """Source: ITU-T T.81 B.1 and B.2; Exif 2.32, 4.5; CIPA DC-007 (multi-picture)."""
    stream.seek(2)
    for _ in range(_MOST_BLOCKS):
        marker = _to_marker(stream)
        if marker in (-1, 0xD9):
            break
        size = int.from_bytes(stream.read(2), "big") - 2
        start = stream.tell()
        if marker >= 0xE0:
            yield from _segment(stream, marker, size)
        stream.seek(start + max(size, 0))
    yield from _after(stream, stream.tell())


def _to_marker(stream: BinaryIO) -> int:
    """Go behind the next marker, over compressed data and fill bytes; -1 at the end."""
    while block := stream.read(_SCANNED):
        if found := _NEXT_MARKER.search(block):
            stream.seek(found.end() - len(block), 1)
            return found.group()[1]
        if len(block) < 2:
            break
        stream.seek(-1, 1)
    return -1


def _segment(stream: BinaryIO, marker: int, size: int) -> Iterator[Block]:
    head = stream.read(min(size, _SEGMENT_HEAD))
    if marker == 0xEE and head.startswith(b"Adobe"):
        return
    if marker == 0xE0 and head.startswith(b"JFIF\0"):
        # Sides of the little picture, the last two bytes of the fixed part.
        if head[12:14].strip(b"\0"):
            yield "thumbnail"
        return
    block: Block = next(
        (name for number, start, name in _SEGMENTS if number == marker and head.startswith(start)),
        "other",
    )
    if block == "exif":
        rest = stream.read(min(size, _EXIF_BYTES) - len(head))
        yield from _exif((head + rest)[6:])
    else:
        yield block


def _exif(data: bytes) -> Iterator[Block]:
    """EXIF itself, a place and a little picture inside."""
    yield "exif"
    exif = Image.Exif()
    exif.load(b"Exif\0\0" + data)
    if _GPS in exif:
        yield "gps"
    if exif.get_ifd(ExifTags.IFD.IFD1):
        yield "thumbnail"


def _after(stream: BinaryIO, end: int) -> Iterator[Block]:
    stream.seek(end)
    if rest := stream.read(3):
        yield "second-picture" if rest == b"\xff\xd8\xff" else "trailing"
