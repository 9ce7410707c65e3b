"""What a row of a table is about: a file on its way in, or a stored radiograph."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from accounts.models import Site, User
from accounts.roles import Capability
from core.jobs import JobStatus
from images.models import FileOutcome, IncomingFile, Radiograph, Target
from images.models.radiograph import RadiographQuerySet
from images.services.importing import RT_PCR_TARGET
from images.services.patients import kept_age
from images.services.truth import TruthSource, record_truths, truth_given
from images.services.upkeep import Changes, edit
from images.tables import Field, Problem
from images.tables.values import Value
from images.truth_days import is_before_birth

Facts = dict[Field, Value]

OWN_ID_KEY: Final = "own_id"
# In `IncomingFile.facts`: the table that the test result came from.
TRUTH_SOURCE_KEY: Final = "truth_source"
OF_TRUTH: Final = frozenset({Field.RT_PCR, Field.TESTED_ON})
DAYS: Final = (Field.ACQUIRED_ON, Field.TESTED_ON)


class RowRefused(Exception):
    """The row cannot be applied; `problem` says where and why."""

    def __init__(self, about: Field, code: str, **words: str) -> None:
        super().__init__(code)
        self.problem = Problem(about, code, words)


@dataclass(frozen=True)
class WaitingFile:
    """Not stored yet: what is said of it waits in `IncomingFile.facts` for the worker."""

    file: IncomingFile

    @property
    def key(self) -> UUID:
        return self.file.pk

    @property
    def site_id(self) -> UUID:
        return self.file.batch.site_id

    @property
    def is_new(self) -> bool:
        """Nothing was said of it so far."""
        return not self.file.facts

    def facts(self) -> Facts:
        facts = from_json(self.file.facts)
        if self.file.patient_code:
            facts[Field.PATIENT_CODE] = self.file.patient_code
        return facts

    def may_state(self, by: User) -> bool:
        return by.can(Capability.STATE_TRUTH)

    def locked(self, by: User) -> "Subject":
        """The row as it is now, for the rest of the transaction. Raises RowRefused."""
        files = IncomingFile.objects.select_for_update(of=("self",)).select_related("batch")
        now = files.filter(pk=self.file.pk).first()
        if now is None:
            raise RowRefused(Field.FILE, "no-such-file")
        subject = subject_of(now, editable=now.radiograph_id is not None)
        # Stored meanwhile: from now on it is a radiograph like others.
        return subject if isinstance(subject, WaitingFile) else subject.locked(by)

    def is_before_birth(self, changes: Facts) -> bool:
        """Would the sample be older than its patient, after these changes?"""
        return _is_before_birth(self.facts() | changes)

    def write(self, said: Facts, by: User, source: TruthSource) -> None:
        """Raises RowRefused where a worker took the file in between."""
        noted = {TRUTH_SOURCE_KEY: asdict(source)} if said.keys() & OF_TRUTH else {}
        said = dict(said)
        code = str(said.pop(Field.PATIENT_CODE, self.file.patient_code))
        # The status is asked for again: SQLite has no lock on a row.
        untouched = IncomingFile.objects.filter(pk=self.file.pk, status=self.file.status)
        if not untouched.update(
            patient_code=code, facts=self.file.facts | to_json(said) | noted,
            updated_at=timezone.now(),
        ):  # fmt: skip
            raise RowRefused(Field.FILE, "being-checked")


@dataclass(frozen=True)
class StoredFilm:
    """In the record. `arrived`: by the batch that the table belongs to."""

    film: Radiograph
    arrived: bool = False
    is_new: bool = False

    @property
    def key(self) -> UUID:
        return self.film.pk

    @property
    def site_id(self) -> UUID:
        return self.film.site_id

    def facts(self) -> Facts:
        film = self.film
        facts: dict[Field, Any] = {
            Field.PATIENT_CODE: film.patient.code,
            Field.SEX: film.patient.sex,
            Field.AGE: film.age_years,
            Field.ACQUIRED_ON: film.acquired_on,
            Field.VIEW: film.view,
            Field.SOURCE: film.source,
            Field.OWN_ID: film.extra.get(OWN_ID_KEY),
        }
        for truth in self._truths():
            facts |= {Field.RT_PCR: truth.result, Field.TESTED_ON: truth.tested_on}
        return {field: value for field, value in facts.items() if value not in (None, "")}

    def _truths(self) -> list[Any]:
        current = getattr(self.film, "current_truths", None)
        if current is None:
            rows = self.film.truths.filter(is_current=True)
            current = rows.select_related("target", "target_class")
        return [truth for truth in current if truth.target.code == RT_PCR_TARGET]

    def may_state(self, by: User) -> bool:
        return by.can(self._capability(by))

    def _capability(self, by: User) -> Capability:
        """The first word about one's own upload is part of the upload; the next corrects it."""
        first = self.arrived and self.film.uploader_id == by.pk and not self._truths()
        return Capability.STATE_TRUTH if first else Capability.RECORD_TRUTH

    def locked(self, by: User) -> "StoredFilm":
        """The same as of now, for the rest of the transaction. Raises RowRefused."""
        films = changeable_films(by).select_for_update(of=("self",))
        film = films.select_related("patient", "site").filter(pk=self.film.pk).first()
        if film is None:
            raise RowRefused(Field.FILE, "no-such-radiograph")
        return StoredFilm(film, self.arrived)

    def is_before_birth(self, changes: Facts) -> bool:
        """Would the sample be older than its patient, after these changes?"""
        # A day that the table says is the true one.
        is_moved = self.film.date_is_shifted and Field.ACQUIRED_ON not in changes
        return _is_before_birth(
            self.facts() | changes, patient=self.film.patient, date_is_shifted=is_moved
        )

    def write(self, said: Facts, by: User, source: TruthSource) -> None:
        if said.keys() - OF_TRUTH - {Field.OWN_ID}:
            edit(radiograph=self.film, changes=self._changes(said), by=by)
        if Field.OWN_ID in said:
            self.film.extra = self.film.extra | {OWN_ID_KEY: said[Field.OWN_ID]}
            self.film.save(update_fields=["extra", "updated_at"])
        if said.keys() & OF_TRUTH:
            self._state(said, by, source)

    def _changes(self, said: Facts) -> Changes:
        before = self.film.patient
        facts: dict[Field, Any] = self.facts() | said
        # Of another patient nothing is known but what the table says.
        moves = facts[Field.PATIENT_CODE] != before.code
        return Changes(
            patient_code=facts[Field.PATIENT_CODE],
            sex=str(said.get(Field.SEX, "" if moves else before.sex)),
            view=facts.get(Field.VIEW, ""),
            acquired_on=facts.get(Field.ACQUIRED_ON),
            age_years=facts.get(Field.AGE),
            source=facts.get(Field.SOURCE, ""),
            notes=self.film.notes,
        )

    def _state(self, said: Facts, by: User, source: TruthSource) -> None:
        facts: dict[Field, Any] = self.facts() | said
        target = Target.objects.prefetch_related("classes").get(code=RT_PCR_TARGET)
        truth = truth_given(
            target=target,
            result=facts.get(Field.RT_PCR, ""),
            tested_on=facts.get(Field.TESTED_ON),
            source=source,
        )
        record_truths(
            radiograph=self.film, truths=[truth], entered_by=by, capability=self._capability(by)
        )


def _is_before_birth(facts: Mapping[Field, Any], **place: Any) -> bool:
    film = Radiograph(
        acquired_on=facts.get(Field.ACQUIRED_ON), age_years=facts.get(Field.AGE), **place
    )
    return Field.TESTED_ON in facts and is_before_birth(film, facts[Field.TESTED_ON])


Subject = WaitingFile | StoredFilm


def changeable_films(by: User, site: Site | None = None) -> RadiographQuerySet:
    films = Radiograph.objects.editable_by(by).kept()
    return films if site is None else films.filter(site=site)


def subject_of(file: IncomingFile, *, editable: bool) -> Subject:
    """What a row about a file of a batch is about. Raises RowRefused."""
    if file.status == JobStatus.RUNNING:
        raise RowRefused(Field.FILE, "being-checked")
    if file.outcome == FileOutcome.EXPANDED:
        raise RowRefused(Field.FILE, "is-archive")
    if file.status != JobStatus.DONE:
        return WaitingFile(file)
    if file.radiograph is None or file.radiograph.is_trashed:
        raise RowRefused(Field.FILE, "is-gone")
    if not editable:
        raise RowRefused(Field.FILE, "not-yours")
    return StoredFilm(file.radiograph, arrived=True)


def said_in(values: Mapping[Field, Value]) -> Facts:
    """The facts of a row, without what says which radiograph it is about."""
    said: Facts = {
        field: value
        for field, value in values.items()
        if field not in (Field.FILE, Field.RADIOGRAPH)
    }
    age = said.get(Field.AGE)
    if isinstance(age, int):
        said[Field.AGE] = kept_age(age) or 0
    return said


def to_json(facts: Facts) -> dict[str, Any]:
    return {
        field.value: value.isoformat() if isinstance(value, date) else value
        for field, value in facts.items()
    }


def from_json(facts: Mapping[str, Any]) -> Facts:
    """Keys that are no field are left alone: other parts may note things there."""
    known = {Field(name): value for name, value in facts.items() if name in set(Field)}
    return {
        field: date.fromisoformat(value) if field in DAYS else value
        for field, value in known.items()
        if value not in (None, "")
    }
