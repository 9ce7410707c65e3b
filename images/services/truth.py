"""Ground truth is only ever added to: a correction supersedes, nothing is overwritten."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.audit import Deed, note
from accounts.models import User
from accounts.roles import Capability
from images.models import GroundTruth, Radiograph, Target, TargetClass
from images.models.target import RT_PCR_TARGET
from images.services.truth_rules import (
    INDETERMINATE,
    NOT_SAID,
    ChangedMeanwhile,
    Expected,
    TruthGiven,
    TruthSource,
    check_birth,
    check_truths,
    columns_of,
    truth_given,
)
from images.signals import truth_stated

__all__ = [
    "NOT_SAID",
    "ChangedMeanwhile",
    "TruthGiven",
    "TruthSource",
    "check_truths",
    "record_truth",
    "record_truths",
    "truth_given",
]


def record_truth(
    *,
    radiograph: Radiograph,
    target: Target,
    target_class: TargetClass | None,
    tested_on: date | None,
    entered_by: User,
    is_indeterminate: bool = False,
    laboratory: str | None = None,
    kit: str | None = None,
    reason: str = "",
    source: TruthSource = TruthSource(),  # noqa: B008  (frozen)
    expected: Expected = NOT_SAID,
) -> GroundTruth:
    """Add a statement of `entered_by`, which becomes the current one of `target`.

    The same statement twice adds nothing: the current row is returned. With `expected`, the key of
    the row that the writer had seen as current (None: none), a statement is not taken when another
    one stands by now: it is stored all the same, and ChangedMeanwhile tells of both, after the
    commit of this function's own transaction. Inside a transaction of the caller that must survive
    it, ChangedMeanwhile has to be caught there. Raises PermissionDenied without the capability,
    Refused("test-in-future" | "test-too-early" | "test-before-birth" | "class-of-other-target").
    """
    truth = TruthGiven(
        target, target_class, tested_on, is_indeterminate, laboratory, kit, reason, source
    )
    check_truths([truth], entered_by)
    with transaction.atomic():
        row = _add(radiograph, truth, entered_by, expected)
    _tell([row])
    return row


def record_truths(
    *,
    radiograph: Radiograph,
    truths: Iterable[TruthGiven],
    entered_by: User,
    capability: Capability = Capability.RECORD_TRUTH,
    expected: Mapping[UUID, UUID | None] | None = None,
) -> list[GroundTruth]:
    """Record what was said of several targets, all or none; needs `capability`.

    `expected`: by the key of a target as in `record_truth`; a target that is not in it is one of
    which the writer did not say what they had seen. Where some of several statements came second
    the others are taken, and ChangedMeanwhile tells of all that were not. "Unknown" about a target
    of which nothing was ever said is no statement and adds no row. Returns the rows that say it.
    """
    seen: Mapping[UUID, Expected] = expected or {}
    with transaction.atomic():
        rows = [
            _checked_and_added(
                radiograph, truth, entered_by, capability, seen.get(truth.target.pk, NOT_SAID)
            )
            for truth in _statements(radiograph, truths)
        ]
    _tell(rows)
    return rows


def _statements(radiograph: Radiograph, truths: Iterable[TruthGiven]) -> list[TruthGiven]:
    rows = GroundTruth.objects.filter(radiograph=radiograph)
    spoken_of = set(rows.values_list("target", flat=True))
    return [truth for truth in truths if not truth.is_empty or truth.target.pk in spoken_of]


def _checked_and_added(
    radiograph: Radiograph,
    truth: TruthGiven,
    entered_by: User,
    capability: Capability,
    expected: Expected,
) -> GroundTruth:
    check_truths([truth], entered_by, capability)
    return _add(radiograph, truth, entered_by, expected)


def _tell(rows: Iterable[GroundTruth]) -> None:
    """Raise ChangedMeanwhile for those that were stored but came second."""
    pairs = [(row.came_after, row) for row in rows if row.came_after is not None]
    if pairs:
        raise ChangedMeanwhile(*pairs[0], *pairs[1:])


def _add(
    radiograph: Radiograph, truth: TruthGiven, entered_by: User, expected: Expected
) -> GroundTruth:
    """The row that says it: the current one, or one that came second."""
    # The radiograph's lock makes corrections of one picture follow one another.
    Radiograph.objects.select_for_update().get(pk=radiograph.pk)
    check_birth(radiograph, truth)
    current = _current(radiograph, truth.target)
    values = columns_of(truth, current)
    if current is not None and _says(current, values):
        return current
    if current is not None and expected is not NOT_SAID and expected != current.pk:
        return _kept_aside(radiograph, truth, values, current, entered_by)
    if current is not None:
        current.is_current = False
        current.save(update_fields=["is_current", "updated_at"])
    added = _stored(radiograph, truth, values, entered_by, supersedes=current)
    _note_for_lists(radiograph, added)
    _note_deed(radiograph, current, added, entered_by)
    truth_stated.send(sender=GroundTruth, radiograph=radiograph, truth=added)
    return added


def _current(radiograph: Radiograph, target: Target) -> GroundTruth | None:
    rows = GroundTruth.objects.current().filter(radiograph=radiograph, target=target)
    return rows.select_related("target", "target_class", "entered_by").first()


def _kept_aside(
    radiograph: Radiograph,
    truth: TruthGiven,
    values: Mapping[str, Any],
    current: GroundTruth,
    entered_by: User,
) -> GroundTruth:
    """What came second, once, however often it is sent."""
    known = current.not_taken.filter(entered_by=entered_by).select_related("target_class")
    for row in known:
        if _says(row, values):
            row.came_after = current
            return row
    row = _stored(radiograph, truth, values, entered_by, came_after=current, is_current=False)
    _note_deed(radiograph, current, row, entered_by)
    return row


def _stored(
    radiograph: Radiograph,
    truth: TruthGiven,
    values: Mapping[str, Any],
    entered_by: User,
    **place: Any,
) -> GroundTruth:
    return GroundTruth.objects.create(
        radiograph=radiograph,
        target=truth.target,
        reason=truth.reason.strip(),
        source_sha256=truth.source.sha256,
        source_row=truth.source.row,
        entered_by=entered_by,
        **values,
        **place,
    )


def _says(row: GroundTruth, values: Mapping[str, Any]) -> bool:
    return all(getattr(row, name) == value for name, value in values.items())


def _note_for_lists(radiograph: Radiograph, added: GroundTruth) -> None:
    """Keep beside the radiograph what lists ask of its ground truth."""
    statements = GroundTruth.objects.current().filter(radiograph=radiograph)
    radiograph.is_confirmed = statements.filter(target_class__isnull=False).exists()
    if added.target.code == RT_PCR_TARGET:
        radiograph.rt_pcr = _for_lists(added)
    Radiograph.objects.filter(pk=radiograph.pk).update(
        is_confirmed=radiograph.is_confirmed, rt_pcr=radiograph.rt_pcr
    )


def _for_lists(row: GroundTruth) -> str:
    if row.is_indeterminate:
        return INDETERMINATE
    return row.target_class.test_result if row.target_class else ""


def _note_deed(
    radiograph: Radiograph, current: GroundTruth | None, row: GroundTruth, by: User
) -> None:
    was_taken = row.came_after is None
    note(
        actor=by,
        deed=Deed.CHANGED if current is not None and was_taken else Deed.ENTERED,
        subject="truth",
        subject_id=radiograph.pk,
        site=radiograph.site_id,
        patient_id=radiograph.patient_id,
        before=_for_audit(current) if current is not None else {},
        after=_for_audit(row) | ({} if was_taken else {"taken": False}),
    )


def _for_audit(row: GroundTruth) -> dict[str, Any]:
    return {
        "target": row.target.code,
        "result": row.result,
        "tested_on": row.tested_on.isoformat() if row.tested_on else None,
        "laboratory": row.laboratory,
        "kit": row.kit,
    }
