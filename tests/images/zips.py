"""ZIP archives as attackers and broken programs make them, built by hand where no program would."""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable
from typing import Any

from tests.factories import chest_png

FILM = chest_png(1)


def archive(
    *entries: tuple[str | zipfile.ZipInfo, bytes], compression: int = zipfile.ZIP_DEFLATED
) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, content in entries:
            file.writestr(name, content)
    return buffer.getvalue()


def symlink() -> bytes:
    link = zipfile.ZipInfo("link.png")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return archive((link, b"/etc/passwd"), ("a.png", FILM))


def raw(
    entries: Iterable[dict[str, Any]], *, comment: bytes = b"", claimed: int | None = None
) -> bytes:
    """`entries`: name, content (stored), and what the headers are to say instead of the truth."""
    local, central, count = bytearray(), bytearray(), 0
    for entry in entries:
        name, content = entry["name"], entry.get("content", b"")
        data = entry.get("data", content)
        crc = entry.get("crc", zlib.crc32(content))
        size, packed = entry.get("size", len(content)), entry.get("packed", len(data))
        flags, method = entry.get("flags", 0), entry.get("method", 0)
        facts = (20, flags, method, 0, 33, crc, packed, size, len(name), 0)
        offset = entry.get("offset", len(local))
        if "offset" not in entry:
            local += b"PK\x03\x04" + struct.pack("<5H3L2H", *facts) + name + data
        central += b"PK\x01\x02" + struct.pack("<6H3L5H2L", 20, *facts, 0, 0, 0, 0, offset) + name
        count += 1
    said = min(count if claimed is None else claimed, 0xFFFF)
    end = struct.pack("<4H2LH", 0, 0, said, said, len(central), len(local), len(comment))
    return bytes(local + central) + b"PK\x05\x06" + end + comment


def deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(9, wbits=-15)
    return packer.compress(content) + packer.flush()


def bomb(megabytes: int = 200) -> bytes:
    """One member of zeros, a thousandth of its size, honestly declared."""
    packer, zeros = zlib.compressobj(9, wbits=-15), bytes(2**20)
    data = b"".join(packer.compress(zeros) for _ in range(megabytes)) + packer.flush()
    crc = 0
    for _ in range(megabytes):
        crc = zlib.crc32(zeros, crc)
    size = megabytes * 2**20
    return raw([{"name": b"a.png", "data": data, "size": size, "crc": crc, "method": 8}])


def lying_bomb() -> bytes:
    """100 MB that are declared as 10 bytes."""
    return raw([
        {"name": b"a.png", "data": deflated(bytes(100 * 2**20)), "size": 10, "crc": 1, "method": 8},
        {"name": b"b.png", "content": FILM},
    ])  # fmt: skip


def overlapping() -> bytes:
    """A thousand entries that share the bytes of one."""
    data, content = deflated(bytes(2**20)), bytes(2**20)
    facts = {"data": data, "size": 2**20, "crc": zlib.crc32(content), "method": 8}
    first = {"name": b"0000.png", **facts}
    padding = {"name": b"pad", "content": bytes(range(256)) * 80_000}
    return raw(
        [first, *({"name": b"%04d.png" % n, "offset": 0, **facts} for n in range(1, 1000)), padding]
    )


def many(count: int, claimed: int | None = None) -> bytes:
    return raw(
        ({"name": b"%06d" % number, "content": b"x"} for number in range(count)), claimed=claimed
    )
