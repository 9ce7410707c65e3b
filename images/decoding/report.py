"""What was taken away at the door: which elements and blocks there were, never what they said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from pydicom.datadict import keyword_for_tag

Action = Literal["removed", "hashed", "shifted", "kept"]
Block = Literal[
    "comment", "curves", "exif", "gps", "icc", "iptc", "more", "other", "overlays", "preamble",
    "second-picture", "text", "thumbnail", "time", "trailing", "xmp",
]  # fmt: skip

ACTIONS: Final[tuple[Action, ...]] = ("removed", "hashed", "shifted", "kept")
# Honest files have some hundreds of elements; a row of the database is no place for a hundred
# thousand.
_MOST: Final = 600


class Element(NamedTuple):
    """One element of a DICOM file: group and element as one number, keyword, action."""

    number: int
    keyword: str
    action: Action

    @property
    def tag(self) -> str:
        """As the standard writes it: `(0010,0010)`."""
        return f"({self.number >> 16:04X},{self.number & 0xFFFF:04X})"

    @property
    def is_private(self) -> bool:
        """Odd groups belong to manufacturers (PS3.5 7.8)."""
        return bool(self.number >> 16 & 1)


@dataclass(frozen=True)
class Report:
    """Tags of a DICOM file with what was done to each, and kinds of blocks that were dropped.

    `actions` holds group and element as one number; of private elements that number is all there
    is. Elements inside a sequence go with their sequence. No value, name of a private creator or
    length is ever in it.
    """

    actions: Mapping[int, Action]
    blocks: tuple[Block, ...] = ()

    def with_action(self, tags: Iterable[int], action: Action) -> Report:
        """The same report, where other hands did something else to some of its elements."""
        changed = {tag: action for tag in tags if tag in self.actions}
        return Report({**self.actions, **changed}, self.blocks)

    def to_json(self) -> dict[str, Any]:
        """`{"removed": ["00100010", ...], "hashed": [...], ..., "blocks": [...]}`; empty lists are
        left out. Tags are 8 hex digits: a million rows are kept."""
        tags = sorted(self.actions)[:_MOST]
        blocks = [*self.blocks, *(["more"] if len(self.actions) > _MOST else [])]
        by_action = {
            action: [f"{tag:08X}" for tag in tags if self.actions[tag] == action]
            for action in ACTIONS
        }
        return {name: found for name, found in [*by_action.items(), ("blocks", blocks)] if found}


NOTHING: Final = Report({})


def elements_of(stored: Mapping[str, Any]) -> list[Element]:
    """The elements of a report as `Report.to_json` wrote it, in the order of their tags."""
    numbers = sorted((int(tag, 16), name) for name in ACTIONS for tag in stored.get(name, ()))
    return [Element(number, keyword_for_tag(number), name) for number, name in numbers]
