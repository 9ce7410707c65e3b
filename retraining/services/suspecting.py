"""Which statements of ground truth are suspected, and what becomes of a suspicion.

A statement is suspected once for each reason. What nobody has judged follows the evidence: it goes
when the next check finds nothing any more. What a person judged stays judged.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.audit import Deed, note
from accounts.models import User
from accounts.roles import Capability
from images.models import GroundTruth, Radiograph, Target
from inference.models import DeployedModel
from retraining.models import SuspectedLabel, SuspectState, Suspicion

AT_ONCE: Final = 500


@dataclass(frozen=True)
class Found:
    """Why one statement is suspected: its score, or the near-duplicate that contradicts it."""

    radiograph: UUID
    score: float = 0.0
    other: UUID | None = None


@transaction.atomic
def judge_suspect(
    *, suspect: SuspectedLabel, by: User, verdict: SuspectState, note_text: str = ""
) -> bool:
    """Let `by` end a suspicion: the label stands (KEPT), or was put right (CORRECTED).

    False, and nothing changes, where somebody was quicker, or where "corrected" is claimed of a
    statement that still stands. Raises PermissionDenied without the capability.
    """
    if not by.can(Capability.REVIEW_LABELS):
        raise PermissionDenied
    locked = SuspectedLabel.objects.select_for_update(of=("self",)).select_related(
        "radiograph", "truth"
    )
    row = locked.get(pk=suspect.pk)
    if row.state != SuspectState.OPEN or verdict == SuspectState.OPEN:
        return False
    if verdict == SuspectState.CORRECTED and row.truth.is_current:
        return False
    row.state, row.judged_by, row.judged_at, row.note = verdict, by, timezone.now(), note_text
    row.save(update_fields=["state", "judged_by", "judged_at", "note", "updated_at"])
    note(
        actor=by, deed=Deed.CHANGED, subject="suspicion", subject_id=row.pk,
        site=row.radiograph.site_id, patient_id=row.radiograph.patient_id,
        before={"state": SuspectState.OPEN.value},
        after={"state": verdict.value, "reason": row.suspicion},
    )  # fmt: skip
    return True


def close_corrected(*, radiograph: Radiograph | None = None, by: User | None = None) -> int:
    """Open suspicions whose statement no longer stands are corrected; returns how many were."""
    rows = SuspectedLabel.objects.filter(state=SuspectState.OPEN, truth__is_current=False)
    if radiograph is not None:
        rows = rows.filter(radiograph=radiograph)
    now = timezone.now()
    keys = list(rows.values_list("pk", flat=True))
    return SuspectedLabel.objects.filter(pk__in=keys, state=SuspectState.OPEN).update(
        state=SuspectState.CORRECTED, judged_by=by, judged_at=now, updated_at=now
    )


@transaction.atomic
def keep_found(*, target: Target, suspicion: Suspicion, found: Mapping[UUID, Found]) -> int:
    """Make the open suspicions of one reason those of `found` (by statement); how many are new."""
    rows = SuspectedLabel.objects.filter(truth__target=target, suspicion=suspicion)
    known = {row.truth_id: row for row in rows}
    gone = [
        row.pk for key, row in known.items() if key not in found and row.state == SuspectState.OPEN
    ]
    for some in _batches(gone):
        SuspectedLabel.objects.filter(pk__in=some, state=SuspectState.OPEN).delete()
    for key, each in found.items():
        row = known.get(key)
        if row is not None and row.state == SuspectState.OPEN and _differs(row, each):
            rows.filter(pk=row.pk, state=SuspectState.OPEN).update(
                score=each.score, other=each.other, updated_at=timezone.now()
            )
    return _add(target, suspicion, {key: each for key, each in found.items() if key not in known})


def _differs(row: SuspectedLabel, found: Found) -> bool:
    return (row.score, row.other_id) != (found.score, found.other)


def _add(target: Target, suspicion: Suspicion, found: Mapping[UUID, Found]) -> int:
    """Only of statements that still stand: a label may have been put right during the check."""
    standing: set[UUID] = set()
    for some in _batches(list(found)):
        current = GroundTruth.objects.current().filter(pk__in=some, target=target)
        standing |= set(current.values_list("pk", flat=True))
    SuspectedLabel.objects.bulk_create(
        (
            SuspectedLabel(
                radiograph_id=each.radiograph, truth_id=key, suspicion=suspicion,
                score=each.score, other_id=each.other,
            )
            for key, each in found.items()
            if key in standing
        ),
        batch_size=AT_ONCE,
        ignore_conflicts=True,
    )  # fmt: skip
    return len(standing)


def contradicted_by_copies(target: Target) -> dict[UUID, Found]:
    """Statements about near-duplicates that do not all say the same; `other` says otherwise."""
    groups: dict[UUID, list[tuple[UUID, UUID, UUID]]] = defaultdict(list)
    rows = _standing(target).filter(radiograph__copy_group__isnull=False)
    facts = rows.values_list("radiograph__copy_group", "pk", "radiograph", "target_class")
    for group, truth, radiograph, said in facts.order_by("radiograph__created_at", "radiograph"):
        if group and said:
            groups[group].append((truth, radiograph, said))
    return {
        truth: Found(radiograph, other=other)
        for members in groups.values()
        for truth, radiograph, said in members
        if (other := _of_another_class(members, said)) is not None
    }


def _of_another_class(members: Iterable[tuple[UUID, UUID, UUID]], said: UUID) -> UUID | None:
    return next((radiograph for _truth, radiograph, other in members if other != said), None)


def changed_since_training(target: Target) -> dict[UUID, Found]:
    """Statements that came after the live model went into service and took another class's place.

    Whether that very model was trained with the older one is not known: its labels were those of
    that time.
    """
    live = DeployedModel.objects.live(target)
    if live is None:
        return {}
    rows = _standing(target).filter(
        created_at__gt=live.created_at, supersedes__target_class__isnull=False
    )
    rows = rows.exclude(supersedes__target_class=F("target_class"))
    return {truth: Found(radiograph) for truth, radiograph in rows.values_list("pk", "radiograph")}


def _standing(target: Target) -> "QuerySet[GroundTruth]":
    kept = Radiograph.objects.kept()
    rows = GroundTruth.objects.current().filter(target=target, target_class__isnull=False)
    return rows.filter(radiograph__in=kept).order_by()


def _batches(keys: list[UUID]) -> Iterable[list[UUID]]:
    for start in range(0, len(keys), AT_ONCE):
        yield keys[start : start + AT_ONCE]
