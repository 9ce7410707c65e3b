"""Rows of readings: only ever added, each with its line in the record of deeds."""

from typing import Any

from accounts.audit import Deed, note
from accounts.models import User
from reading.models import ListCase, RadiologicalReading
from reading.models.reading import ReadingQuerySet


def stated(case: ListCase) -> ReadingQuerySet:
    """Current readings of the case that were not taken back."""
    rows: ReadingQuerySet = RadiologicalReading.objects.current().filter(case=case)
    return rows.exclude(finding="")


def current_of(
    case: ListCase, reader: User, *, is_adjudication: bool = False
) -> RadiologicalReading | None:
    """The last word of that person on the case, which may be that it was taken back."""
    rows = RadiologicalReading.objects.current().filter(case=case, reader=reader)
    return rows.filter(is_adjudication=is_adjudication).first()


def add_reading(
    case: ListCase,
    reader: User,
    finding: str,
    before: RadiologicalReading | None,
    **facts: Any,
) -> RadiologicalReading:
    """A new current row, which supersedes `before`; the case is locked by the caller."""
    if before is not None:
        before.is_current = False
        before.save(update_fields=["is_current", "updated_at"])
    added = RadiologicalReading.objects.create(
        case=case,
        radiograph_id=case.radiograph_id,
        reader=reader,
        finding=finding,
        supersedes=before,
        **facts,
    )
    old = before.finding if before else ""
    note_deed(
        case,
        reader,
        Deed.CHANGED if old else Deed.ENTERED,
        {"finding": old},
        {"finding": finding},
        added,
    )
    return added


def note_deed(
    case: ListCase,
    by: User,
    deed: Deed,
    before: dict[str, Any],
    after: dict[str, Any],
    reading: RadiologicalReading | None = None,
) -> None:
    """In the record of deeds: of a reading, or of its case. Notes are typed freely: never here.

    Nor is what was found in a study: whoever reads both would not be blind any more. The reading's
    own rows hold it, and open with the study's end.
    """
    if reading is not None and case.reading_list.is_study:
        before, after = {}, {}
    note(
        actor=by,
        deed=deed,
        subject="reading" if reading else "case",
        subject_id=reading.pk if reading else case.pk,
        site=case.reading_list.site_id,
        patient_id=case.radiograph.patient_id,
        before=before,
        after=after,
    )
