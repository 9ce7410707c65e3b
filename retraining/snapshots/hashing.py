"""The hash that names a frozen list of cases: equal lists have equal hashes, in whatever order."""

import hashlib
from collections.abc import Iterable
from typing import Final, NamedTuple
from uuid import UUID

# Written into every hash: another form of the lines is another list.
FORMAT: Final = "covid-xr snapshot 1"


class HashedCase(NamedTuple):
    """What makes a case of a list this one and no other."""

    pixel_sha256: str
    truth: UUID
    class_code: str
    group: str
    split: str


def list_sha256(target: str, cases: Iterable[HashedCase]) -> str:
    """SHA-256 (hex) over the code of the target and one line for each case, sorted."""
    digest = hashlib.sha256(f"{FORMAT}\n{target}\n".encode())
    for line in sorted(_line(case) for case in cases):
        digest.update(line.encode())
    return digest.hexdigest()


def _line(case: HashedCase) -> str:
    return f"{case.pixel_sha256} {case.truth.hex} {case.class_code} {case.group} {case.split}\n"
