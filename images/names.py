"""The sender's file names: they may name a patient, so what is kept is a keyed hash and a seal."""

import re
import unicodedata
from typing import Final
from uuid import UUID

from images.errors import Refused
from images.keys import Unsealable, keyed_hash, sealed, unsealed

PURPOSE: Final = "file-name"
MAX_LENGTH: Final = 1024
MAX_PART_LENGTH: Final = 255
_DRIVE: Final = re.compile(r"\A[A-Za-z]:")


def normalised(name: str) -> str:
    """A relative path with `/` between its parts, in Unicode NFC.

    Raises Refused("bad-name") for a name that is empty or too long, points outside its folder
    (absolute, a drive, `..`) or holds control characters.
    """
    path = unicodedata.normalize("NFC", name.replace("\\", "/"))
    if path.startswith("/") or _DRIVE.match(path) or len(path) > MAX_LENGTH:
        raise Refused("bad-name")
    if any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in path):
        raise Refused("bad-name")
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if not parts or ".." in parts or max(map(len, parts)) > MAX_PART_LENGTH:
        raise Refused("bad-name")
    return "/".join(parts)


def key_of(site: UUID, name: str) -> str:
    """What a normalised name is found by: 64 hex digits; capital letters make no difference."""
    return keyed_hash(site, PURPOSE, name.casefold())


def sealed_name(site: UUID, name: str) -> bytes:
    return sealed(site, PURPOSE, name.encode(errors="replace"))


def shown_name(site: UUID, box: bytes) -> str:
    """The name for its sender's eyes; empty once it was wiped, or where the key has changed."""
    try:
        return unsealed(site, PURPOSE, box).decode() if box else ""
    except Unsealable:
        return ""


def folder_of(name: str) -> str:
    """The folder that holds the file itself, without those above it; empty where there is none."""
    return name.split("/")[-2] if "/" in name else ""
