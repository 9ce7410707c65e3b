"""Tell what a file is from its content; its name and its declared type are never asked."""

from __future__ import annotations

from typing import Final, Literal

Kind = Literal["png", "jpeg", "gif", "dicom", ""]

HEAD_BYTES: Final = 132
_VALUE_REPRESENTATIONS: Final = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT OB OW PN SH SL SQ SS ST TM UI UL UN US UT".split()
)


def kind_of(head: bytes) -> Kind:
    """Return the kind of the file that begins with ``head`` (132 bytes are enough), or ``""``."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head[128:132] == b"DICM" or _is_bare_dataset(head):
        return "dicom"
    return ""


def _is_bare_dataset(head: bytes) -> bool:
    """Old archives write data sets without preamble: accept a believable first element only.

    PS3.10 section 7.1 demands the preamble; without it a data set begins with group 0002 or 0008.
    """
    if len(head) < 8:
        return False
    group, element = head[0:2], head[2:4]
    if group in (b"\x00\x02", b"\x00\x08"):
        return element[0] == 0 and head[4:6] in _VALUE_REPRESENTATIONS
    if group not in (b"\x02\x00", b"\x08\x00") or element[1] != 0:
        return False
    length = int.from_bytes(head[4:8], "little")
    return head[4:6] in _VALUE_REPRESENTATIONS or (length % 2 == 0 and length <= 1024)
