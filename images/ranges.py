"""Which bytes of a file a reader asks for (RFC 9110, sections 13.1.5 and 14)."""

import re
from dataclasses import dataclass
from typing import Final

from django.utils.http import parse_etags

# One range: `first-last`, `first-` or `-count`. Several are answered with the whole, which is
# allowed (14.2) and spares everybody multipart bodies.
ONE_RANGE: Final = re.compile(r"bytes=\s*(\d*)-(\d*)\s*", re.ASCII | re.IGNORECASE)
# More digits than any file has bytes; `int` of a header of megabytes would be slow.
LONGEST_NUMBER: Final = 18


class Unsatisfiable(Exception):
    """The file has none of these bytes (416)."""


@dataclass(frozen=True)
class Stretch:
    """`count` bytes from `first` on, of a file of `size` bytes."""

    first: int
    count: int
    size: int

    @property
    def is_whole(self) -> bool:
        return self.count == self.size

    @property
    def content_range(self) -> str:
        return f"bytes {self.first}-{self.first + self.count - 1}/{self.size}"


def wanted_stretch(header: str, size: int) -> Stretch | None:
    """The one range that `header` names, None where it is no such thing and to be ignored.

    Raises Unsatisfiable when the range lies behind the file's end.
    """
    found = ONE_RANGE.fullmatch(header)
    first, last = found.groups() if found else ("", "")
    if not first + last or max(len(first), len(last)) > LONGEST_NUMBER:
        return None
    if not first:
        return _suffix(int(last), size)
    begin, end = int(first), int(last) if last else size - 1
    if last and end < begin:
        return None
    if begin >= size:
        raise Unsatisfiable
    return Stretch(begin, min(end, size - 1) - begin + 1, size)


def _suffix(count: int, size: int) -> Stretch:
    kept = min(count, size)
    if not kept:
        raise Unsatisfiable
    return Stretch(size - kept, kept, size)


def range_still_counts(if_range: str, etag: str) -> bool:
    """False where the reader's older part belongs to another version of the file: then it gets the
    whole. We send no dates, so that only a strong tag can match."""
    return not if_range or (parse_etags(if_range) == [etag] and not etag.startswith("W/"))
