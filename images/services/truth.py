"""Ground truth is only ever added to: a correction supersedes, nothing is overwritten."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.roles import Capability
from images.errors import Refused
from images.models import GroundTruth, Radiograph, Target, TargetClass
from images.models.target import RT_PCR_TARGET


@dataclass(frozen=True)
class TruthGiven:
    """What a person said of one target; `target_class` None means not done or unknown."""

    target: Target
    target_class: TargetClass | None
    tested_on: date | None = None

    @property
    def is_empty(self) -> bool:
        """True where nothing was said: an untouched field of a form, "unknown" in a table."""
        return self.target_class is None and self.tested_on is None


def truth_given(*, target: Target, result: str, tested_on: date | None = None) -> TruthGiven:
    """`result` as people and files write it: positive, negative, a class code, unknown or empty.

    Raises Refused("class-of-other-target") for any other word.
    """
    if result in {"", "unknown"}:
        return TruthGiven(target, None, tested_on)
    for each in target.classes.all():
        if result in {each.test_result, each.code}:
            return TruthGiven(target, each, tested_on)
    raise Refused("class-of-other-target")


def check_truths(
    truths: Iterable[TruthGiven], entered_by: User, capability: Capability = Capability.RECORD_TRUTH
) -> None:
    """Raise before any work is done what a statement of `entered_by` would be refused for.

    PermissionDenied without `capability`, Refused("test-in-future" | "class-of-other-target").
    """
    for truth in truths:
        if not entered_by.can(capability):
            raise PermissionDenied
        if truth.tested_on and truth.tested_on > timezone.localdate():
            raise Refused("test-in-future")
        if truth.target_class and truth.target_class.target_id != truth.target.pk:
            raise Refused("class-of-other-target")


@transaction.atomic
def record_truth(
    *,
    radiograph: Radiograph,
    target: Target,
    target_class: TargetClass | None,
    tested_on: date | None,
    entered_by: User,
) -> GroundTruth:
    """Add a statement of `entered_by`, which becomes the current one of `target`.

    The same statement twice adds nothing: the current row is returned. Raises PermissionDenied
    without the capability, Refused("test-in-future" | "class-of-other-target").
    """
    truth = TruthGiven(target, target_class, tested_on)
    check_truths([truth], entered_by)
    return _add(radiograph, truth, entered_by)


def _add(radiograph: Radiograph, truth: TruthGiven, entered_by: User) -> GroundTruth:
    # The radiograph's lock makes corrections of one picture follow one another.
    Radiograph.objects.select_for_update().get(pk=radiograph.pk)
    current = (
        GroundTruth.objects.current().filter(radiograph=radiograph, target=truth.target).first()
    )
    if current is not None:
        if (current.target_class, current.tested_on) == (truth.target_class, truth.tested_on):
            return current
        current.is_current = False
        current.save(update_fields=["is_current", "updated_at"])
    added = GroundTruth.objects.create(
        radiograph=radiograph,
        target=truth.target,
        target_class=truth.target_class,
        tested_on=truth.tested_on,
        entered_by=entered_by,
        supersedes=current,
    )
    _note_for_lists(radiograph, added)
    return added


def _note_for_lists(radiograph: Radiograph, added: GroundTruth) -> None:
    """Keep beside the radiograph what lists ask of its ground truth."""
    statements = GroundTruth.objects.current().filter(radiograph=radiograph)
    radiograph.is_confirmed = statements.filter(target_class__isnull=False).exists()
    if added.target.code == RT_PCR_TARGET:
        radiograph.rt_pcr = added.target_class.test_result if added.target_class else ""
    Radiograph.objects.filter(pk=radiograph.pk).update(
        is_confirmed=radiograph.is_confirmed, rt_pcr=radiograph.rt_pcr
    )


@transaction.atomic
def record_truths(
    *,
    radiograph: Radiograph,
    truths: Iterable[TruthGiven],
    entered_by: User,
    capability: Capability = Capability.RECORD_TRUTH,
) -> None:
    """Record what was said of several targets, all or none; needs `capability`.

    "Unknown" about a target of which nothing was ever said is no statement and adds no row.
    """
    statements = GroundTruth.objects.filter(radiograph=radiograph)
    spoken_of = set(statements.values_list("target", flat=True))
    for truth in truths:
        if truth.is_empty and truth.target.pk not in spoken_of:
            continue
        check_truths([truth], entered_by, capability)
        _add(radiograph, truth, entered_by)
