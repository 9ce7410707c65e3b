"""What rows of one table say of the same radiograph: contradictions, and which row speaks.

A row that names the radiograph goes before those that name its patient and a day. Rows that agree
about the result leave it to the one whose sample is nearest in time; rows that do not are refused,
all of them: which one is right nobody can say.
"""

from array import array
from collections.abc import Iterable, Set
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final
from uuid import UUID

from images.services.laboratory_rows import FilmOfRow, LaboratoryRow, worst_of
from images.tables import Field, Problem
from images.tables.rows import NUMBERS_SHOWN, numbers_of

# Days apart, where one of the two days is unknown: behind all others.
FAR: Final = 10**6
# (days apart, day of the sample, number of the row): the least one speaks.
Rank = tuple[int, int, int]


@dataclass(slots=True)
class _Claim:
    """What was said of a radiograph so far. Rows beyond what a sentence shows are not kept."""

    named: bool
    result: str
    best: Rank
    rows: tuple[int, ...]
    is_torn: bool = False


class Mentions:
    """Which radiographs more than one row is about, at eight bytes for each that a row names."""

    def __init__(self) -> None:
        self._numbers = array("Q")

    def add(self, rows: Iterable[LaboratoryRow]) -> None:
        self._numbers.extend(_number(film.key) for row in rows for film in row.films)

    def shared(self) -> Set[int]:
        """Their numbers; two keys in 2**61 have one, which costs a look and no more."""
        ordered = sorted(self._numbers)
        return {one for one, next_one in pairwise(ordered) if one == next_one}


class Claims:
    """What is said of the radiographs whose numbers are `shared`; of others there is one word."""

    def __init__(self, shared: Set[int]) -> None:
        self._shared = shared
        self._by_film: dict[UUID, _Claim] = {}

    @property
    def are_needed(self) -> bool:
        return bool(self._shared)

    def add(self, rows: Iterable[LaboratoryRow]) -> None:
        for row in rows:
            for film in row.films:
                if _number(film.key) in self._shared:
                    self._add(row, film)

    def _add(self, row: LaboratoryRow, film: FilmOfRow) -> None:
        if row.said is None:
            return
        rank = _rank(row, film)
        known = self._by_film.get(film.key)
        if known is None or (film.named and not known.named):
            self._by_film[film.key] = _Claim(film.named, row.said.result, rank, (row.number,))
        elif film.named or not known.named:
            known.is_torn |= known.result != row.said.result
            known.best = min(known.best, rank)
            known.rows = (*known.rows, row.number)[: NUMBERS_SHOWN + 1]

    def settled(self, row: LaboratoryRow) -> LaboratoryRow:
        """The row, refused or with the radiographs that another row speaks for marked."""
        torn = [claim for film in row.films if (claim := self._torn(film))]
        if torn:
            words = {"rows": numbers_of([str(number) for number in torn[0].rows])}
            return row.refused(Problem(Field.RESULT, "rows-contradict", words))
        if row.said is None:
            return row
        films = tuple(self._placed(row, film) for film in row.films)
        return replace(row, films=films, outcome=worst_of(films))

    def _torn(self, film: FilmOfRow) -> _Claim | None:
        claim = self._by_film.get(film.key)
        return claim if claim and claim.is_torn and claim.named == film.named else None

    def _placed(self, row: LaboratoryRow, film: FilmOfRow) -> FilmOfRow:
        claim = self._by_film.get(film.key)
        if claim is None or (claim.best[-1] == row.number and claim.named == film.named):
            return film
        return replace(film, outcome="unchanged", nearer=claim.best[-1])


def _number(key: UUID) -> int:
    return hash(key.int)


def _rank(row: LaboratoryRow, film: FilmOfRow) -> Rank:
    day = row.said.sampled_on if row.said else None
    apart = FAR if film.days is None else abs(film.days)
    return apart, day.toordinal() if day else 0, row.number
