"""Rows of a laboratory's table as the dry run judged them, and their way to JSON and back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Literal, Self
from uuid import UUID

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from images.models.target import ResultOfTest
from images.tables import Field, Problem

Outcome = Literal["refused", "conflict", "created", "changed", "unchanged"]
# What a person has to decide about comes first. `changed` completes what stands and contradicts
# none of it; `conflict` says something else.
OUTCOMES: Final[tuple[Outcome, ...]] = ("refused", "conflict", "created", "changed", "unchanged")
UNKNOWN: Final = "unknown"
RESULTS: Final[dict[str, str | Promise]] = {
    **{each.value: each.label for each in ResultOfTest},
    "indeterminate": _("Indeterminate"),
    UNKNOWN: _("Unknown"),
}


@dataclass(frozen=True)
class Statement:
    """What a table or the record says of one sample; `result` as `GroundTruth.result` has it."""

    result: str
    sampled_on: date | None
    laboratory: str = ""
    kit: str = ""

    def completed_by(self, other: Self) -> Self:
        """This statement with what only `other` says of the same sample."""
        if other.sampled_on not in (None, self.sampled_on):
            return self
        return replace(
            self, laboratory=self.laboratory or other.laboratory, kit=self.kit or other.kit
        )

    def contradicts(self, standing: Self) -> bool:
        """True where something would be lost of `standing`, and not only added to it."""
        if standing.result == UNKNOWN:
            return False
        known = [(value, name) for name, value in vars(standing).items() if value]
        return any(getattr(self, name) != value for value, name in known)

    def against(self, standing: Self | None) -> Outcome:
        """What it would do to what stands."""
        if standing is None:
            return "created"
        would = self.completed_by(standing)
        if would == standing:
            return "unchanged"
        return "conflict" if would.contradicts(standing) else "changed"

    @property
    def text(self) -> str:
        """In the words of the pages: result, date, laboratory, kit."""
        day = date_format(self.sampled_on, "SHORT_DATE_FORMAT") if self.sampled_on else ""
        words = (str(RESULTS.get(self.result, self.result)), day, self.laboratory, self.kit)
        return " · ".join(word for word in words if word)

    def to_json(self) -> list[str | None]:
        day = self.sampled_on.isoformat() if self.sampled_on else None
        return [self.result, day, self.laboratory, self.kit]

    @classmethod
    def from_json(cls, kept: list[Any]) -> Self:
        return cls(kept[0], _day(kept[1]), kept[2], kept[3])


@dataclass(frozen=True)
class FilmOfRow:
    """A radiograph that a row is about, as the dry run saw it.

    `days`: from the sample to the radiograph. `named`: by its identifier. `truth` and `stands`:
    key and content of the current ground truth, None without one. `nearer`: number of the row
    that speaks for this radiograph instead, 0 where this one does.
    """

    key: UUID
    patient: UUID
    acquired_on: date | None
    days: int | None
    named: bool
    outcome: Outcome
    truth: UUID | None = None
    stands: Statement | None = None
    nearer: int = 0

    @property
    def days_apart(self) -> int | None:
        """Without the sign: for which a sentence has no word."""
        return None if self.days is None else abs(self.days)

    def to_json(self) -> list[Any]:
        return [
            self.key.hex, self.patient.hex,
            self.acquired_on.isoformat() if self.acquired_on else None, self.days, self.named,
            self.outcome, self.truth.hex if self.truth else None,
            self.stands.to_json() if self.stands else None, self.nearer,
        ]  # fmt: skip

    @classmethod
    def from_json(cls, kept: list[Any]) -> Self:
        return cls(
            UUID(kept[0]), UUID(kept[1]), _day(kept[2]), kept[3], kept[4], kept[5],
            UUID(kept[6]) if kept[6] else None,
            Statement.from_json(kept[7]) if kept[7] else None, kept[8],
        )  # fmt: skip


@dataclass(frozen=True)
class LaboratoryRow:
    """`name`: what the sender's table calls the patient or radiograph, for the sender's eyes.

    `said` is None where the row could not be read.
    """

    number: int
    name: str
    outcome: Outcome
    said: Statement | None = None
    films: tuple[FilmOfRow, ...] = ()
    problems: tuple[Problem, ...] = ()

    def refused(self, *problems: Problem) -> Self:
        return replace(self, outcome="refused", problems=(*self.problems, *problems))

    def to_json(self) -> list[Any]:
        problems = [[each.about.value, each.code, dict(each.words)] for each in self.problems]
        return [
            self.number, self.name, self.outcome, self.said.to_json() if self.said else None,
            [film.to_json() for film in self.films], problems,
        ]  # fmt: skip

    @classmethod
    def from_json(cls, kept: list[Any]) -> Self:
        return cls(
            kept[0], kept[1], kept[2], Statement.from_json(kept[3]) if kept[3] else None,
            tuple(FilmOfRow.from_json(film) for film in kept[4]),
            tuple(_problem(*each) for each in kept[5]),
        )  # fmt: skip


def worst_of(films: tuple[FilmOfRow, ...]) -> Outcome:
    """The outcome of a row about these radiographs: the first of OUTCOMES that one of them has."""
    has = {film.outcome for film in films}
    return next((each for each in OUTCOMES if each in has), "unchanged")


def _problem(about: str, code: str, words: Mapping[str, str]) -> Problem:
    return Problem(Field(about), code, words)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
