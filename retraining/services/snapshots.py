"""Freezing a list of cases, and what happened to its cases since."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef

from accounts import audit
from accounts.audit import Deed
from accounts.models import User
from images.models import GroundTruth, Target, TextState
from images.models.radiograph import RadiographStatus
from images.services.copies import join_rest
from retraining.models import DatasetSnapshot, Division, PatientSplit, SnapshotCase
from retraining.snapshots.planning import PlannedCase, SnapshotPlan, plan_of

ROWS_AT_ONCE: Final = 1000
# A radiograph may be deleted for good between the reading and the writing.
ATTEMPTS: Final = 3


class SnapshotRefused(Exception):
    """`plan.problems` say why nothing can be trained with these cases."""

    def __init__(self, plan: SnapshotPlan) -> None:
        super().__init__(", ".join(problem["code"] for problem in plan.problems))
        self.plan = plan


@dataclass(frozen=True)
class Changes:
    """How many cases of a snapshot are others now than when it was frozen.

    `deleted`: gone for good. `withdrawn`: in the trash, without consent, or with writing that waits
    to be looked at. `relabelled`: another result stands now, or none. `redrawn`: writing was
    covered in the picture, so that its pixels are others. A case counts once, the first that holds.
    """

    deleted: int
    withdrawn: int
    relabelled: int
    redrawn: int

    @property
    def total(self) -> int:
        return self.deleted + self.withdrawn + self.relabelled + self.redrawn

    @property
    def may_not_train(self) -> int:
        """Cases that must not be learnt from any more."""
        return self.deleted + self.withdrawn


def take_snapshot(*, target: Target, by: User | None = None) -> DatasetSnapshot:
    """Freeze the cases of `target` as they stand now; an equal list is not stored again.

    Radiographs that nobody compared yet are compared first: their copies must not stand in another
    split. Fixes the split of patients who stand in no other list yet. Raises SnapshotRefused(plan),
    with nothing stored, where the list cannot be trained with.
    """
    join_rest()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _taken(target, by)
        except IntegrityError:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")


@transaction.atomic
def _taken(target: Target, by: User | None) -> DatasetSnapshot:
    # One at a time, whatever the target: two lists must not give one patient two splits.
    Division.objects.select_for_update().get(pk=Division.objects.current().pk)
    plan = plan_of(target)
    if plan.problems:
        raise SnapshotRefused(plan)
    equal = DatasetSnapshot.objects.filter(target=target, sha256=plan.sha256).first()
    return equal or _stored(plan, by)


def _stored(plan: SnapshotPlan, by: User | None) -> DatasetSnapshot:
    snapshot: DatasetSnapshot = DatasetSnapshot.objects.create(
        target=plan.target, division=plan.division, made_by=by, sha256=plan.sha256,
        size=len(plan.cases), counts=plan.counts, imbalance=plan.imbalance,
        association=plan.association, problems=plan.problems, flags=plan.flags,
        set_aside=plan.set_aside,
    )  # fmt: skip
    PatientSplit.objects.bulk_create(
        [
            PatientSplit(division=plan.division, key=key, split=split)
            for key, split in plan.new_splits.items()
        ],
        batch_size=ROWS_AT_ONCE,
    )
    SnapshotCase.objects.bulk_create(
        [_row(snapshot, case) for case in plan.cases], batch_size=ROWS_AT_ONCE
    )
    if by is not None:
        audit.note(
            actor=by, deed=Deed.ENTERED, subject="snapshot", subject_id=snapshot.pk,
            after={"target": plan.target.code, "cases": snapshot.size},
        )  # fmt: skip
    return snapshot


def _row(snapshot: DatasetSnapshot, case: PlannedCase) -> SnapshotCase:
    return SnapshotCase(
        snapshot=snapshot, radiograph_id=case.radiograph, truth_id=case.truth,
        target_class_id=case.target_class, pixel_sha256=case.pixel_sha256, group=case.group,
        split=case.split, site_id=case.site, view=case.view, sex=case.sex,
        age_years=case.age_years, source=case.source,
    )  # fmt: skip


def what_changed(snapshot: DatasetSnapshot) -> Changes:
    """Compare a snapshot with the records as they stand now. Reads no label."""
    says_the_same = GroundTruth.objects.current().filter(
        radiograph=OuterRef("radiograph"),
        target=snapshot.target_id,
        target_class=OuterRef("target_class"),
    )
    rows = SnapshotCase.objects.filter(snapshot=snapshot).annotate(stands=Exists(says_the_same))
    counted = Counter(_Now(*row).change for row in rows.order_by().values_list(*COLUMNS).iterator())
    return Changes(
        deleted=snapshot.size - counted.total(),
        withdrawn=counted["withdrawn"],
        relabelled=counted["relabelled"],
        redrawn=counted["redrawn"],
    )


class _Now(NamedTuple):
    """A case and its radiograph as it stands now: the columns that are read, in this order."""

    status: str
    text_state: str
    withdrawn_at: datetime | None
    stands: bool
    frozen_pixels: str
    pixels: str

    @property
    def change(self) -> str:
        may_train = (
            self.status == RadiographStatus.KEPT
            and self.withdrawn_at is None
            and self.text_state != TextState.SUSPECTED
        )
        if not may_train:
            return "withdrawn"
        if not self.stands:
            return "relabelled"
        return "" if self.frozen_pixels == self.pixels else "redrawn"


COLUMNS: Final = (
    "radiograph__status", "radiograph__text_state", "radiograph__patient__consent_withdrawn_at",
    "stands", "pixel_sha256", "radiograph__pixel_sha256",
)  # fmt: skip
