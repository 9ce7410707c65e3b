"""What a person says of ground truth, and what such a statement is refused for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import ClassVar, Final
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Capability
from images.errors import Refused
from images.models import GroundTruth, Radiograph, Target, TargetClass
from images.truth_days import is_before_birth

INDETERMINATE: Final = "indeterminate"
EARLIEST: Final = date(1900, 1, 1)


class NotSaid(Enum):
    """Of a writer who does not say which statement they had looked at."""

    NOT_SAID = "not-said"


NOT_SAID: Final = NotSaid.NOT_SAID
# Key of the current row that the writer looked at, or None where there was none.
Expected = UUID | None | NotSaid


class ChangedMeanwhile(Exception):
    """Another person had changed the record since the writer looked at it.

    Nothing was overwritten: `current` stands, and `attempt` is stored beside it as the statement
    that came second. `pairs` holds both for each target of which that is so, `current` and
    `attempt` those of the first.
    """

    code: ClassVar[str] = "changed-meanwhile"
    sentence: ClassVar[Promise] = _(
        "Somebody recorded another result while you were looking at this one. Yours is kept in the "
        "history, and nothing was overwritten: compare the two, and record yours again if it is "
        "the right one."
    )

    def __init__(self, current: GroundTruth, attempt: GroundTruth, *others: "Pair") -> None:
        super().__init__(self.code)
        self.current, self.attempt = current, attempt
        self.pairs: tuple[Pair, ...] = ((current, attempt), *others)


Pair = tuple[GroundTruth, GroundTruth]


@dataclass(frozen=True)
class TruthSource:
    """The table that a statement came from (SHA-256 of the file, hex), and the line there."""

    sha256: str = ""
    row: int | None = None


@dataclass(frozen=True)
class TruthGiven:
    """What a person said of one target.

    `target_class` None: the test was not done, or its result is unknown or indeterminate.
    `laboratory` and `kit` None: nothing was said of them, so that they stay what they were for
    the same sample (the same `tested_on`); empty: they are unknown.
    """

    target: Target
    target_class: TargetClass | None
    tested_on: date | None = None
    is_indeterminate: bool = False
    laboratory: str | None = None
    kit: str | None = None
    reason: str = ""
    source: TruthSource = TruthSource()

    @property
    def is_empty(self) -> bool:
        """True where nothing was said: an untouched field of a form, "unknown" in a table."""
        said = (self.is_indeterminate, self.tested_on, self.laboratory, self.kit)
        return self.target_class is None and not any(said)


def truth_given(
    *,
    target: Target,
    result: str,
    tested_on: date | None = None,
    laboratory: str | None = None,
    kit: str | None = None,
    reason: str = "",
    source: TruthSource = TruthSource(),
) -> TruthGiven:
    """`result` as people and files write it: positive, negative, a class code, indeterminate,
    unknown or empty.

    Raises Refused("class-of-other-target") for any other word.
    """
    return TruthGiven(
        target,
        _class_of(target, result),
        tested_on,
        is_indeterminate=result == INDETERMINATE,
        laboratory=laboratory,
        kit=kit,
        reason=reason,
        source=source,
    )


def _class_of(target: Target, result: str) -> TargetClass | None:
    if result in {"", "unknown", INDETERMINATE}:
        return None
    for each in target.classes.all():
        if result in {each.test_result, each.code}:
            return each
    raise Refused("class-of-other-target")


def check_truths(
    truths: Iterable[TruthGiven], entered_by: User, capability: Capability = Capability.RECORD_TRUTH
) -> None:
    """Raise before any work is done what a statement of `entered_by` would be refused for.

    PermissionDenied without `capability`, Refused("test-in-future" | "test-too-early" |
    "class-of-other-target").
    """
    for truth in truths:
        if not entered_by.can(capability):
            raise PermissionDenied
        if truth.tested_on and truth.tested_on > timezone.localdate():
            raise Refused("test-in-future")
        if truth.tested_on and truth.tested_on < EARLIEST:
            raise Refused("test-too-early")
        if truth.target_class and truth.target_class.target_id != truth.target.pk:
            raise Refused("class-of-other-target")


def check_birth(radiograph: Radiograph, truth: TruthGiven) -> None:
    """Raise Refused("test-before-birth") for a sample older than its patient."""
    if truth.tested_on and is_before_birth(radiograph, truth.tested_on):
        raise Refused("test-before-birth")


def columns_of(truth: TruthGiven, current: GroundTruth | None) -> dict[str, object]:
    """The values of a row of `GroundTruth` that make up what is said, by name."""
    same_sample = current is not None and current.tested_on == truth.tested_on
    before = current if same_sample else None
    return {
        "target_class": truth.target_class,
        "is_indeterminate": truth.is_indeterminate,
        "tested_on": truth.tested_on,
        "laboratory": _said(truth.laboratory, before.laboratory if before else ""),
        "kit": _said(truth.kit, before.kit if before else ""),
    }


def _said(given: str | None, before: str) -> str:
    return before if given is None else given.strip()
