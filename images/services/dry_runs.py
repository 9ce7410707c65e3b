"""A dry run of a laboratory's table, kept sealed until it is applied: what the person saw.

Beside it nothing of the table is kept: columns that are not read never reach the disk. Rows lie in
sealed parts of one outcome each, so that a page, or a step of the writing, opens one part.
"""

import json
import struct
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final
from uuid import UUID

from core.files import written_whole
from images.keys import Unsealable, sealed, unsealed
from images.models import MetadataTable
from images.services.laboratory_rows import OUTCOMES, LaboratoryRow, Outcome
from images.services.tables import path_of

PURPOSE: Final = "laboratory-dry-run"
ROWS_OF_PART: Final = 100
# Where the index begins and how long it is, at the end of the file.
_FOOTER: Final = struct.Struct(">QQ")


@dataclass(frozen=True)
class Place:
    offset: int
    length: int


class SealedParts:
    """JSON values one after the other in a stream, each sealed by itself."""

    def __init__(self, stream: BinaryIO, site: UUID) -> None:
        self.stream, self.site = stream, site

    def add(self, value: Any) -> Place:
        box = sealed(self.site, PURPOSE, json.dumps(value, ensure_ascii=False).encode())
        place = Place(self.stream.tell(), len(box))
        self.stream.write(box)
        return place

    def get(self, place: Place) -> Any:
        """Raises Unsealable."""
        self.stream.seek(place.offset)
        return json.loads(unsealed(self.site, PURPOSE, self.stream.read(place.length)))


@dataclass(frozen=True)
class Part:
    """At most ROWS_OF_PART rows of one outcome."""

    outcome: Outcome
    place: Place
    rows: int


@dataclass(frozen=True)
class DryRun:
    """`parts` in the order of OUTCOMES; `ignored` names columns that were not read."""

    path: Path
    site: UUID
    counts: dict[str, int]
    ignored: tuple[str, ...]
    parts: tuple[Part, ...]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def of(self, *outcomes: str) -> list[Part]:
        return [part for part in self.parts if part.outcome in outcomes]

    def pages(self, *outcomes: str) -> list[list[Part]]:
        """Parts that are shown together: as many as ROWS_OF_PART rows hold."""
        pages: list[list[Part]] = []
        room = 0
        for part in self.of(*outcomes):
            if part.rows > room:
                pages.append([])
                room = ROWS_OF_PART
            pages[-1].append(part)
            room -= part.rows
        return pages

    def rows(self, part: Part) -> list[LaboratoryRow]:
        """Empty once the table was applied or thrown away meanwhile. Raises Unsealable."""
        try:
            with self.path.open("rb") as stream:
                kept = SealedParts(stream, self.site).get(part.place)
        except FileNotFoundError:
            return []
        return [LaboratoryRow.from_json(row) for row in kept]


def keep_dry_run(
    *, table: MetadataTable, rows: Iterable[LaboratoryRow], ignored: Sequence[str]
) -> dict[str, int]:
    """Write the rows as they come; returns how many there are of each outcome."""
    with written_whole(path_of(table)) as stream:
        parts = SealedParts(stream, table.site_id)
        index = sorted(_written(parts, rows), key=lambda part: OUTCOMES.index(part.outcome))
        counts = Counter[str]()
        for part in index:
            counts[part.outcome] += part.rows
        about = {
            "counts": {outcome: counts[outcome] for outcome in OUTCOMES},
            "ignored": list(ignored),
            "parts": [[p.outcome, p.place.offset, p.place.length, p.rows] for p in index],
        }
        place = parts.add(about)
        stream.write(_FOOTER.pack(place.offset, place.length))
    return {outcome: counts[outcome] for outcome in OUTCOMES}


def _written(parts: SealedParts, rows: Iterable[LaboratoryRow]) -> Iterator[Part]:
    waiting: dict[Outcome, list[Any]] = defaultdict(list)
    for row in rows:
        waiting[row.outcome].append(row.to_json())
        if len(waiting[row.outcome]) == ROWS_OF_PART:
            yield Part(row.outcome, parts.add(waiting.pop(row.outcome)), ROWS_OF_PART)
    for outcome, left in waiting.items():
        yield Part(outcome, parts.add(left), len(left))


def dry_run_of(table: MetadataTable) -> DryRun | None:
    """What was kept; None once the table was applied, thrown away, or expired."""
    path = path_of(table)
    try:
        with path.open("rb") as stream:
            stream.seek(-_FOOTER.size, 2)
            place = Place(*_FOOTER.unpack(stream.read(_FOOTER.size)))
            about = SealedParts(stream, table.site_id).get(place)
    except (FileNotFoundError, Unsealable):
        return None
    parts = tuple(Part(each[0], Place(each[1], each[2]), each[3]) for each in about["parts"])
    return DryRun(path, table.site_id, about["counts"], tuple(about["ignored"]), parts)
