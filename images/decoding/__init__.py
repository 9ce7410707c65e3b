"""Turn a file from outside into canonical pixels, or say in one sentence why not.

The only door: whatever comes by form, API or command line goes through :func:`decode`. Content
decides; names, extensions and declared types are never looked at. What leaves is pixels, and for
DICOM the allow-list of :mod:`images.decoding.facts` with what is hashed at once; every other byte
of the file stays behind, and the report says which.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Literal

from images.decoding.dicom import decode_dicom
from images.decoding.facts import Facts
from images.decoding.identity import NOBODY, Identity
from images.decoding.limits import DEFAULT, Limits
from images.decoding.pictures import decode_picture
from images.decoding.quiet import quiet
from images.decoding.reasons import SENTENCES, Unreadable
from images.decoding.report import NOTHING, Report
from images.decoding.sniff import HEAD_BYTES, kind_of
from images.radiograph import RadiographPixels

__all__ = [
    "DEFAULT", "SENTENCES", "Decoded", "Facts", "Identity", "Limits", "Report", "Unreadable",
    "decode",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class Decoded:
    """A radiograph from outside: its pixels, what kind of file brought them, its allowed facts."""

    pixels: RadiographPixels
    source_format: Literal["png", "jpeg", "dicom"]
    facts: Facts
    # For keyed hashes only (images.services.identities): never stored, logged or shown as it is.
    identity: Identity = NOBODY
    report: Report = NOTHING


def decode(
    stream: BinaryIO, *, limits: Limits = DEFAULT, smallest_side: int | None = None
) -> Decoded:
    """Decode a whole seekable binary stream, read from its beginning wherever it stands.

    With ``smallest_side`` a JPEG may come out smaller, both sides at least that long: quicker, for
    what only a network will look at. What is stored is always decoded in full. Raises Unreadable,
    and nothing else, for any content.
    """
    stream.seek(0, 2)
    limits.check_bytes(stream.tell())
    stream.seek(0)
    kind = kind_of(stream.read(HEAD_BYTES))
    if kind == "gif":
        raise Unreadable("animated")
    with quiet():
        if kind == "dicom":
            pixels, facts, identity, report = decode_dicom(stream, limits)
            return Decoded(pixels, "dicom", facts, identity, report)
        if kind == "":
            raise Unreadable("not-an-image")
        pixels, blocks = decode_picture(stream, kind, limits, smallest_side)
        return Decoded(pixels, kind, Facts(), report=Report({}, blocks))
