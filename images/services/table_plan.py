"""What a table would do, row by row: the same judgement serves the dry run and the writing."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, Literal
from uuid import UUID

from django.utils.formats import date_format

from accounts.models import Site, User
from images.filter_fields import RT_PCR_KNOWN
from images.models import Patient, Sex, UploadBatch, View
from images.services.table_finding import FilesOfBatch, RecordedFilms, address_of, in_parts
from images.services.table_subjects import OF_TRUTH, Facts, RowRefused, Subject, said_in
from images.tables import LABELS, Field, Problem, ReadRow, ReadTable, TableRefused
from images.tables.rows import numbers_of
from images.tables.values import Value

Outcome = Literal["created", "changed", "unchanged", "refused"]
OUTCOMES: Final = ("created", "changed", "unchanged", "refused")
RESULTS: Final = dict(RT_PCR_KNOWN)
# Columns that a row is named by in front of a person, best first.
NAMING: Final = (Field.FILE, Field.RADIOGRAPH, Field.OWN_ID, Field.PATIENT_CODE)


@dataclass(frozen=True)
class Change:
    """`old` is None where nothing was known."""

    about: Field
    old: Value | None
    new: Value

    @property
    def column(self) -> str:
        return str(LABELS[self.about])

    @property
    def old_text(self) -> str:
        return "" if self.old is None else shown(self.about, self.old)

    @property
    def new_text(self) -> str:
        return shown(self.about, self.new)


@dataclass(frozen=True)
class PlannedRow:
    """`created`: the first that is said of a file on its way in; `changed`: all other changes."""

    read: ReadRow
    outcome: Outcome
    changes: tuple[Change, ...] = ()
    problems: tuple[Problem, ...] = ()
    subject: Subject | None = None

    @property
    def number(self) -> int:
        return self.read.number

    @property
    def name(self) -> str:
        """What the sender's table calls it, for the sender's eyes."""
        values = self.read.values
        return next((str(values[each]) for each in NAMING if each in values), "")


@dataclass(frozen=True)
class Plan:
    """`missing`: names of the batch's files that no row is about. Nothing here is ever stored."""

    rows: tuple[PlannedRow, ...]
    ignored: tuple[str, ...] = ()
    missing: tuple[str, ...] = field(default=())
    # Of the file, in hex: statements of ground truth keep it.
    sha256: str = ""

    def counts(self) -> dict[str, int]:
        counted = Counter(row.outcome for row in self.rows)
        return {outcome: counted[outcome] for outcome in OUTCOMES}


def plan_of(*, table: ReadTable, by: User, site: Site, batch: UploadBatch | None = None) -> Plan:
    """Judge every row of `table` for `by`. Raises TableRefused without a column to find by."""
    _check_columns(table, batch)
    files = FilesOfBatch(batch, by) if batch else None
    finder = files or RecordedFilms(site, by, table.rows)
    rows = _without_doubles([_found(row, finder) for row in table.rows])
    sexes = recorded_sexes(site.pk, rows)
    missing: list[str] = []
    if files:
        named = {row.subject.key for row in rows if row.subject}
        missing = [files.name_of(file) or f"#{file.position}" for file in files.not_among(named)]
    return Plan(tuple(weighed(row, by, sexes) for row in rows), table.ignored, tuple(missing))


def _check_columns(table: ReadTable, batch: UploadBatch | None) -> None:
    if batch:
        if Field.FILE not in table.fields:
            raise TableRefused("no-file-column")
        return
    both = {Field.PATIENT_CODE, Field.ACQUIRED_ON} <= table.fields
    if not both and not {Field.RADIOGRAPH, Field.OWN_ID} & table.fields:
        raise TableRefused("no-address-column")


def _found(row: ReadRow, finder: FilesOfBatch | RecordedFilms) -> PlannedRow:
    """The row with its subject; cells that cannot be read refuse it, whatever it is about."""
    try:
        subject = finder.subject(row)
    except RowRefused as refusal:
        told = {problem.about for problem in row.problems}
        # "The row names no file" says nothing new where the name was unreadable.
        more = () if refusal.problem.about in told else (refusal.problem,)
        return PlannedRow(row, "refused", problems=(*more, *row.problems))
    outcome: Outcome = "refused" if row.problems else "unchanged"
    return PlannedRow(row, outcome, problems=row.problems, subject=subject)


def _without_doubles(rows: list[PlannedRow]) -> list[PlannedRow]:
    """Which of two rows about one radiograph is right, nobody can say: both wait."""
    numbers: dict[UUID, list[str]] = defaultdict(list)
    for row in rows:
        if row.subject:
            numbers[row.subject.key].append(str(row.number))
    return [_double(row, numbers[row.subject.key]) if row.subject else row for row in rows]


def _double(row: PlannedRow, numbers: list[str]) -> PlannedRow:
    if len(numbers) == 1:
        return row
    about = Field.FILE if Field.FILE in row.read.values else address_of(row.read) or Field.FILE
    problem = Problem(about, "named-twice", {"rows": numbers_of(numbers)})
    return replace(row, outcome="refused", problems=(*row.problems, problem))


def recorded_sexes(site_id: UUID, rows: Sequence[PlannedRow]) -> dict[str, str]:
    """Patient code -> recorded sex, of the patients that the rows speak of."""
    said = {str(row.read.values.get(Field.PATIENT_CODE, "")) for row in rows}
    known = {str(row.subject.facts().get(Field.PATIENT_CODE, "")) for row in rows if row.subject}
    patients = Patient.objects.filter(site=site_id).exclude(sex="")
    sexes: dict[str, str] = {}
    for codes in in_parts(sorted((said | known) - {""})):
        sexes |= dict(patients.filter(code__in=codes).values_list("code", "sex"))
    return sexes


def weighed(row: PlannedRow, by: User, sexes: Mapping[str, str]) -> PlannedRow:
    """The row with its changes and its outcome, by what is known of its subject at this moment."""
    if row.subject is None or row.problems:
        return row
    said, now = said_in(row.read.values), row.subject.facts()
    changes = tuple(
        Change(each, now.get(each), value) for each, value in said.items() if now.get(each) != value
    )
    problems = tuple(_problems(row.subject, changes, said, by, sexes))
    outcome: Outcome = "unchanged"
    if problems:
        outcome = "refused"
    elif changes:
        outcome = "created" if row.subject.is_new else "changed"
    return replace(row, outcome=outcome, changes=changes, problems=problems)


def _problems(
    subject: Subject, changes: tuple[Change, ...], said: Facts, by: User, sexes: Mapping[str, str]
) -> list[Problem]:
    facts = subject.facts() | said
    recorded = sexes.get(str(facts.get(Field.PATIENT_CODE, "")), "")
    problems = []
    if recorded and said.get(Field.SEX, recorded) != recorded:
        problems.append(Problem(Field.SEX, "other-sex"))
    if Field.TESTED_ON in said and Field.RT_PCR not in facts:
        problems.append(Problem(Field.TESTED_ON, "test-date-alone"))
    stated = [change.about for change in changes if change.about in OF_TRUTH]
    if stated and not subject.may_state(by):
        problems.append(Problem(stated[0], "may-not-state"))
    if stated and subject.is_before_birth({change.about: change.new for change in changes}):
        problems.append(Problem(Field.TESTED_ON, "test-before-birth"))
    return problems


def shown(about: Field, value: Value) -> str:
    """A value in the words of the pages."""
    if isinstance(value, date):
        return date_format(value, "SHORT_DATE_FORMAT")
    text = str(value)
    match about:
        case Field.SEX:
            return str(Sex(text).label)
        case Field.VIEW:
            return str(View(text).label)
        case Field.RT_PCR if text in RESULTS:
            return str(RESULTS[text])
    return text
