"""Writing a laboratory's table: what the dry run showed, and nothing that changed since.

In part only where the person asked for it: refused rows and rows that contradict what stands each
need a word of their own.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, cast

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.audit import Deed, Way, by_way, note
from accounts.models import User
from accounts.roles import Capability
from images.errors import Refused
from images.models import GroundTruth, MetadataTable, Radiograph, Target
from images.models.target import RT_PCR_TARGET
from images.services.dry_runs import DryRun, dry_run_of
from images.services.laboratory import SUBJECT
from images.services.laboratory_rows import (
    FilmOfRow,
    LaboratoryRow,
    Outcome,
    Statement,
    worst_of,
)
from images.services.table_subjects import RowRefused, changeable_films
from images.services.tables import APPLY_SECONDS, add_up
from images.services.truth import ChangedMeanwhile, TruthGiven, TruthSource, record_truths
from images.services.truth_rules import truth_given
from images.tables import Field, Problem

LEAVE: Final = "leave"
CORRECT: Final = "correct"
Conflicts = Literal["", "leave", "correct"]
REASON_MAX_LENGTH: Final = 300

SENTENCES: Final = {
    "rows-refused": _(
        "Nothing was written, because rows are refused ({rows}). Correct them and send the table "
        "again, or ask for the rest to be written all the same."
    ),
    "conflicts-open": _(
        "Nothing was written, because rows say something else than what stands ({rows}). Choose "
        "whether what stands is left as it is or corrected."
    ),
    "no-reason": _("Say why what stands is corrected."),
    "table-gone": _(
        "This table was applied or thrown away already, or is older than a day: send it again."
    ),
}


class NotAsked(Refused):
    """The table is not written as it was asked for; nothing of it was."""

    def __init__(self, code: str, **words: object) -> None:
        Exception.__init__(self, code)
        self.code = code
        self.sentence = format_lazy(SENTENCES[code], **words)


@dataclass(frozen=True)
class Asked:
    """`writes_rest`: although rows are refused. `conflicts`: what happens to what stands, with the
    `reason` of a correction."""

    writes_rest: bool = False
    conflicts: Conflicts = ""
    reason: str = ""


@dataclass
class Written:
    """Rows by what became of them, those that could not be written after all, and how many time
    did not suffice for."""

    counts: Counter[str] = field(default_factory=Counter)
    rows: list[LaboratoryRow] = field(default_factory=list)
    left: int = 0


def apply_results(
    *, table: MetadataTable, by: User, asked: Asked, seconds: float | None = None
) -> Written:
    """Write what the dry run showed, each row in a transaction of its own.

    A radiograph whose ground truth is another one by now is not overwritten
    (`ChangedMeanwhile`). Where `seconds` (APPLY_SECONDS) do not suffice `left` rows wait for the
    next call, which goes on. Raises PermissionDenied, or NotAsked("rows-refused" |
    "conflicts-open" | "no-reason" | "table-gone").
    """
    if not by.can(Capability.RECORD_TRUTH):
        raise PermissionDenied
    dry_run = dry_run_of(table)
    if dry_run is None:
        raise NotAsked("table-gone")
    _check_asked(dry_run.counts, asked)
    end = time.monotonic() + (APPLY_SECONDS if seconds is None else seconds)
    with by_way(Way.TABLE):
        written = _Writer(table, by, asked).write(dry_run, end)
    _note(table, by, dry_run, asked, written)
    return written


def _check_asked(counts: dict[str, int], asked: Asked) -> None:
    if counts["refused"] and not asked.writes_rest:
        raise NotAsked("rows-refused", rows=counts["refused"])
    if not counts["conflict"]:
        return
    if asked.conflicts not in (LEAVE, CORRECT):
        raise NotAsked("conflicts-open", rows=counts["conflict"])
    if asked.conflicts == CORRECT and not asked.reason.strip():
        raise NotAsked("no-reason")


def _note(table: MetadataTable, by: User, dry_run: DryRun, asked: Asked, written: Written) -> None:
    done = written.counts
    counts = {
        "created": done["created"],
        "changed": done["changed"] + done["conflict"],
        "refused": dry_run.counts["refused"] + len(written.rows),
    }
    left_standing = 0 if asked.conflicts == CORRECT else dry_run.counts["conflict"]
    with transaction.atomic():
        note(
            actor=by, deed=Deed.CHANGED, subject=SUBJECT, subject_id=table.pk, site=table.site_id,
            after=counts | {"left_standing": left_standing, "to_do": written.left},
        )  # fmt: skip
        add_up(table=table, counts=counts, left=written.left)


class _Writer:
    """One person's writing of one table."""

    def __init__(self, table: MetadataTable, by: User, asked: Asked) -> None:
        self.table, self.by, self.asked = table, by, asked
        self.target = Target.objects.prefetch_related("classes").get(code=RT_PCR_TARGET)
        corrected: tuple[Outcome, ...] = ("conflict",) if asked.conflicts == CORRECT else ()
        # Of radiographs. A row that contradicts one of them may be news of another.
        self.writes: tuple[Outcome, ...] = ("created", "changed", *corrected)

    def write(self, dry_run: DryRun, end: float) -> Written:
        """Rows that an earlier call wrote are passed over, whatever became of it in between."""
        written = Written()
        for part in dry_run.of("created", "changed", "conflict"):
            rows = [row for row in dry_run.rows(part) if self._films(row)]
            if time.monotonic() >= end:  # parts come in one order: no call got further than here
                written.left += len(rows)
                continue
            reached = self._reached(rows)
            for row in rows:
                if row.number in reached:
                    problem = reached[row.number]
                elif time.monotonic() >= end:
                    written.left += 1
                    continue
                else:
                    problem = self._tried(row)
                    written.counts[worst_of(self._films(row))] += problem is None
                if problem:
                    written.rows.append(row.refused(problem))
        return written

    def _films(self, row: LaboratoryRow) -> tuple[FilmOfRow, ...]:
        return tuple(film for film in row.films if film.outcome in self.writes)

    def _reached(self, rows: Sequence[LaboratoryRow]) -> dict[int, Problem | None]:
        """Rows that this table has written, by number; with a problem those that came second."""
        truths = GroundTruth.objects.filter(
            radiograph__in=[film.key for row in rows for film in self._films(row)],
            source_sha256=self.table.sha256, created_at__gte=self.table.created_at,
        )  # fmt: skip
        reached: dict[int, Problem | None] = {}
        for number, came_after in truths.values_list("source_row", "came_after"):
            if number is not None:
                reached[number] = _MEANWHILE if came_after else reached.get(number)
        return reached

    def _tried(self, row: LaboratoryRow) -> Problem | None:
        try:
            with transaction.atomic():
                return self._write(row)
        except RowRefused as refusal:
            return refusal.problem
        except Refused as refusal:
            return Problem(Field.SAMPLED_ON, refusal.code)
        except PermissionDenied:
            return Problem(Field.RESULT, "may-not-state")

    def _write(self, row: LaboratoryRow) -> Problem | None:
        came_second = None
        for film in self._films(row):
            try:
                record_truths(
                    radiograph=self._locked(film), truths=[self._truth(row, film)],
                    entered_by=self.by, expected={self.target.pk: film.truth},
                )  # fmt: skip
            except ChangedMeanwhile:
                # Caught inside the transaction: what came second is kept, too.
                came_second = _MEANWHILE
        return came_second

    def _locked(self, film: FilmOfRow) -> Radiograph:
        films = changeable_films(self.by, self.table.site).select_for_update(of=("self",))
        now = films.select_related("patient", "site").filter(pk=film.key).first()
        if now is None:
            raise RowRefused(Field.PATIENT_CODE, "no-such-radiograph")
        if (now.patient_id, now.acquired_on) != (film.patient, film.acquired_on):
            raise RowRefused(Field.PATIENT_CODE, "radiograph-changed")
        return now

    def _truth(self, row: LaboratoryRow, film: FilmOfRow) -> TruthGiven:
        said = cast(Statement, row.said)
        would = said.completed_by(film.stands) if film.stands else said
        return truth_given(
            target=self.target, result=would.result, tested_on=would.sampled_on,
            laboratory=would.laboratory, kit=would.kit,
            reason=self.asked.reason if film.outcome == "conflict" else "",
            source=TruthSource(self.table.sha256, row.number),
        )  # fmt: skip


_MEANWHILE: Final = Problem(Field.RESULT, "recorded-meanwhile")
