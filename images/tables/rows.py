"""A whole table: its columns found, each cell read, each problem with its place."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain, islice
from typing import Final

from images.tables.columns import LABELS, METADATA, Field, Vocabulary, fields_of, plain
from images.tables.reader import TITLE_ROWS, NumberedRow, cells_of
from images.tables.reasons import MAX_ROWS, BadCell, TableRefused, cell_sentence
from images.tables.values import DOUBTFUL_BESIDE_H, MALE_BY_H, Value, value_of

NUMBERS_SHOWN: Final = 5


@dataclass(frozen=True)
class Problem:
    """Why a row is refused: the column it is about, a code of `cell_sentence` and its words."""

    about: Field
    code: str
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def column(self) -> str:
        return str(LABELS[self.about])

    @property
    def sentence(self) -> str:
        return str(cell_sentence(self.code)).format(**self.words)


@dataclass(frozen=True)
class ReadRow:
    """`number` as a spreadsheet shows it; empty cells are in neither of the two."""

    number: int
    values: dict[Field, Value]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class ReadTable:
    """`ignored` are the names of unknown columns, for the reader's eyes: they are never kept."""

    fields: frozenset[Field]
    ignored: tuple[str, ...]
    rows: tuple[ReadRow, ...]


def read_table(data: bytes, *, today: date) -> ReadTable:
    """Read a CSV or XLSX file. Raises TableRefused, which is about the table as a whole."""
    opened = open_table(data, METADATA)
    body = list(opened.body)
    says_h = _says_h(opened.columns, body)
    rows = [_row(line, opened.columns, today, says_h) for line in body]
    return ReadTable(opened.fields, opened.ignored, _without_two_sexes(rows))


@dataclass(frozen=True)
class OpenTable:
    """A table whose header was found; `body` gives the rows below it, once."""

    columns: tuple[Field | None, ...]
    ignored: tuple[str, ...]
    body: Iterator[NumberedRow]

    @property
    def fields(self) -> frozenset[Field]:
        return frozenset(each for each in self.columns if each)

    def rows(self, today: date) -> Iterator[ReadRow]:
        """The rows, each cell read by itself, one after the other. Raises TableRefused."""
        return (_row(line, self.columns, today, says_h=False) for line in self.body)


def open_table(data: bytes, vocabulary: Vocabulary) -> OpenTable:
    """Find the header of a CSV or XLSX file. Raises TableRefused, and so does walking its body."""
    lines = cells_of(data, vocabulary)
    start = list(islice(lines, TITLE_ROWS + 1))
    if not start:
        raise TableRefused("empty-table")
    place = _header_place(start, vocabulary)
    header = start[place][1]
    fields = fields_of(header, vocabulary)
    if not any(fields):
        raise TableRefused("no-known-columns")
    if place + 1 == len(start):
        raise TableRefused("no-rows")
    names = zip(header, fields, strict=True)
    ignored = tuple(name for name, each in names if name and each is None)
    body = _no_more_than(MAX_ROWS, chain(start[place + 1 :], lines))
    return OpenTable(tuple(fields), ignored, body)


def _no_more_than(most: int, body: Iterator[NumberedRow]) -> Iterator[NumberedRow]:
    for count, line in enumerate(body, 1):
        if count > most:
            raise TableRefused("too-many-rows", rows=most)
        yield line


def _header_place(lines: Sequence[NumberedRow], vocabulary: Vocabulary) -> int:
    """The first row with two known names of columns, below a title if there is one; else row 0."""
    for place, (_number, cells) in enumerate(lines[:TITLE_ROWS]):
        if sum(plain(cell) in vocabulary.known for cell in cells) > 1:
            return place
    return 0


def _says_h(fields: Sequence[Field | None], body: Sequence[NumberedRow]) -> bool:
    """Does the column of sexes use H (hombre)? Then its M is as likely "mujer"."""
    if Field.SEX not in fields:
        return False
    place = fields.index(Field.SEX)
    return any(plain(cells[place]) == MALE_BY_H for _n, cells in body if place < len(cells))


def _row(line: NumberedRow, fields: Sequence[Field | None], today: date, says_h: bool) -> ReadRow:
    number, cells = line
    values: dict[Field, Value] = {}
    problems: list[Problem] = []
    # A row may be longer than the header; nobody said what is there.
    for each, text in zip(fields, cells, strict=False):
        if each is None:
            continue
        try:
            if each is Field.SEX and says_h and plain(text) == DOUBTFUL_BESIDE_H:
                raise BadCell("doubtful-sex")
            value = value_of(each, text, today)
        except BadCell as problem:
            problems.append(Problem(each, problem.code))
        else:
            values |= {} if value is None else {each: value}
    return ReadRow(number, values, tuple(problems))


def _without_two_sexes(rows: Sequence[ReadRow]) -> tuple[ReadRow, ...]:
    """Nothing is guessed where the table contradicts itself: all rows of that patient wait."""
    sexes: dict[Value, set[Value]] = defaultdict(set)
    places: dict[Value, list[str]] = defaultdict(list)
    for row in rows:
        code, sex = row.values.get(Field.PATIENT_CODE), row.values.get(Field.SEX)
        if code is not None and sex is not None:
            sexes[code].add(sex)
            places[code].append(str(row.number))
    torn = {code: numbers_of(places[code]) for code, said in sexes.items() if len(said) > 1}
    return tuple(_marked(row, torn) for row in rows)


def _marked(row: ReadRow, torn: Mapping[Value, str]) -> ReadRow:
    words = torn.get(row.values.get(Field.PATIENT_CODE, ""))
    if words is None:
        return row
    problem = Problem(Field.SEX, "two-sexes", {"rows": words})
    return replace(row, problems=(*row.problems, problem))


def numbers_of(rows: Sequence[str]) -> str:
    """Numbers of rows for a sentence, the first few of many."""
    more = " …" if len(rows) > NUMBERS_SHOWN else ""
    return ", ".join(rows[:NUMBERS_SHOWN]) + more
