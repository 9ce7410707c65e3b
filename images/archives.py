"""ZIP archives from outside: what is in them, and each member's bytes under a cap.

Nothing is ever written by a name out of an archive: a member is a stream, and its name is text.
What can be seen in the directory (APPNOTE.TXT 6.3.10, section 4.3) is judged before any byte is
inflated: too many entries, sizes that no honest archive has, and entries that share bytes, of which
bombs without nesting are made (D. Fifield, "A better zip bomb", WOOT 2019).
"""

import stat
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath
from typing import BinaryIO, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from images import names
from images.errors import Refused

HEAD_BYTES: Final = 4
CHUNK: Final = 64 * 1024
MAX_MEMBERS: Final = 5_000
# 400 bytes an entry. No single read is larger, whatever length the file itself claims.
MAX_DIRECTORY_BYTES: Final = 2 * 1024 * 1024
# Deflate reaches 1032:1; a radiograph on a black ground stays below 20:1.
MAX_RATIO: Final = 100
SMALL_BYTES: Final = 64 * 1024 * 1024
LOCAL_HEADER_BYTES: Final = 30
TABLES: Final = {".csv", ".tsv", ".xls", ".xlsx", ".ods"}
LITTER: Final = {".ds_store", "thumbs.db", "desktop.ini", ".directory"}
_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000
# What zipfile was seen to raise on damaged archives.
_HOSTILE: Final = (
    BadZipFile,
    EOFError,
    LookupError,
    OverflowError,
    RuntimeError,  # an unknown compression is one too
    ValueError,
    struct.error,
    zlib.error,
)


def is_archive(head: bytes) -> bool:
    """Whether a file that begins with these bytes (4 are enough) is a ZIP archive."""
    return head[:HEAD_BYTES] in {b"PK\x03\x04", b"PK\x05\x06"}


@dataclass(frozen=True)
class Caps:
    """Bytes: of one inflated member, and of all together."""

    member: int
    total: int


@dataclass(frozen=True)
class Member:
    """A file of an archive. `refusal` is the code why it is not even inflated, mostly empty.

    `name` is safe to look at and to find a file by, and no place to write to.
    """

    name: str
    size: int
    refusal: str
    info: ZipInfo


class Archive:
    """An archive whose directory was found sound."""

    def __init__(self, file: ZipFile, members: Sequence[Member]) -> None:
        self._file = file
        self.members = members

    def inflated(self, member: Member) -> Iterator[bytes]:
        """The bytes of a member without a `refusal`, 64 KB at a time.

        Raises Refused, perhaps after the last of them: "member-damaged" for a wrong checksum or
        another size than declared, "member-archive".
        """
        left = member.size
        try:
            with self._file.open(member.info) as stream:
                while chunk := stream.read(CHUNK):
                    if left == member.size and is_archive(chunk):
                        raise Refused("member-archive")
                    left -= len(chunk)
                    yield chunk
        except _HOSTILE:
            raise Refused("member-damaged") from None
        if left:
            raise Refused("member-damaged")


@contextmanager
def opened(stream: BinaryIO, caps: Caps) -> Iterator[Archive]:
    """The archive in a seekable stream, its directory read and judged.

    Raises Refused("archive-damaged" | "archive-empty" | "archive-many-files" | "archive-bomb").
    """
    size = stream.seek(0, 2)
    if _entries_claimed(stream, size) > MAX_MEMBERS:
        raise Refused("archive-many-files")
    try:
        file = ZipFile(_Bounded(stream))
    except _HOSTILE:
        raise Refused("archive-damaged") from None
    with file:
        entries = file.infolist()
        _judge(entries, size, file.start_dir)
        members = [_member(entry, caps) for entry in entries if not _is_litter(entry)]
        if not members:
            raise Refused("archive-empty")
        if sum(member.size for member in members if not member.refusal) > caps.total:
            raise Refused("archive-bomb")
        yield Archive(file, members)


class _Bounded:
    """A stream that refuses to give much at once: a directory is as long as the file claims."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.seek, self.tell, self.seekable = stream.seek, stream.tell, stream.seekable

    def read(self, size: int = -1) -> bytes:
        # Without a size: zipfile's own look at the comment, 64 KB at the end of the file.
        most = MAX_DIRECTORY_BYTES + 1
        content = self._stream.read(most if size < 0 else min(size, most))
        if len(content) == most:
            raise Refused("archive-many-files")
        return content


def _entries_claimed(stream: BinaryIO, size: int) -> int:
    """How many entries the end record tells of (4.3.16); 0 where there is none.

    An archive of 65,535 and more has the number in another record, and this one says 65,535.
    """
    tail = min(size, 22 + 65_535)
    stream.seek(size - tail)
    end = stream.read(tail)
    start = end.rfind(b"PK\x05\x06")
    if start < 0 or len(end) < start + 22:
        return 0
    return int.from_bytes(end[start + 10 : start + 12], "little")


def _judge(entries: Sequence[ZipInfo], size: int, directory_at: int) -> None:
    if len(entries) > MAX_MEMBERS:
        raise Refused("archive-many-files")
    inflated = sum(entry.file_size for entry in entries)
    if inflated > max(SMALL_BYTES, MAX_RATIO * size):
        raise Refused("archive-bomb")
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    if ordered and (ordered[0].header_offset < 0 or _end(ordered[-1]) > directory_at):
        raise Refused("archive-damaged")
    if any(_end(entry) > following.header_offset for entry, following in pairwise(ordered)):
        raise Refused("archive-bomb")


def _end(entry: ZipInfo) -> int:
    """Where the entry's bytes end at the earliest."""
    return entry.header_offset + LOCAL_HEADER_BYTES + entry.compress_size


def _is_litter(entry: ZipInfo) -> bool:
    """Folders, and what systems leave in them without being asked."""
    parts = entry.orig_filename.split("/")
    last = parts[-1].casefold()
    return last == "" or last in LITTER or last.startswith("._") or "__MACOSX" in parts


def _member(entry: ZipInfo, caps: Caps) -> Member:
    try:
        name, refusal = names.normalised(entry.orig_filename), _refusal(entry, caps)
    except Refused as bad_name:
        name, refusal = _harmless(entry.orig_filename), bad_name.code
    return Member(name, entry.file_size, refusal, entry)


def _harmless(name: str) -> str:
    """A bad name as its sender may see it: no control characters, not too long."""
    shown = "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name
    )
    return shown[: names.MAX_LENGTH]


def _refusal(entry: ZipInfo, caps: Caps) -> str:
    mode = stat.S_IFMT(entry.external_attr >> 16)
    path = PurePosixPath(entry.orig_filename.casefold())
    verdicts = {
        "member-link": mode not in {0, stat.S_IFREG},
        "member-encrypted": bool(entry.flag_bits & _ENCRYPTED),
        "member-method": entry.compress_type not in {ZIP_STORED, ZIP_DEFLATED},
        "dicom-directory": path.name == "dicomdir",
        "member-table": path.suffix in TABLES,
        "empty": entry.file_size == 0,
        "too-large-file": entry.file_size > caps.member,
    }
    return next((code for code, is_so in verdicts.items() if is_so), "")
