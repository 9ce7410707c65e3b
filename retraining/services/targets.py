"""Questions that an administrator defines beside those that ship with the platform."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Max

from accounts.audit import Deed, note
from accounts.models import User
from accounts.roles import Capability
from images.models import Target, TargetClass
from images.models.target import ResultOfTest

FEWEST_CLASSES: Final = 2
MOST_CLASSES: Final = 8
# First words of this room's addresses: a question of that code could not be reached.
RESERVED: Final = frozenset({
    "labels", "impact", "runs", "versions", "import", "keys", "promotions", "targets", "new",
})  # fmt: skip


@dataclass(frozen=True)
class NewClass:
    code: str
    name_es: str
    name_en: str
    is_positive: bool


class TargetRefused(Exception):
    """`code`: code-taken, code-reserved, classes, positive or class-twice."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@transaction.atomic
def create_target(
    *, code: str, name_es: str, name_en: str, confirming_test: str, classes: Sequence[NewClass],
    by: User,
) -> Target:  # fmt: skip
    """A new question with its answers, in the order given.

    Raises PermissionDenied, TargetRefused.
    """
    if not by.can(Capability.MANAGE_MODELS):
        raise PermissionDenied
    _refuse(code, classes)
    last = Target.objects.aggregate(last=Max("position"))["last"]
    try:
        with transaction.atomic():
            target = Target.objects.create(
                code=code, name_es=name_es, name_en=name_en, confirming_test=confirming_test,
                position=0 if last is None else last + 1,
            )  # fmt: skip
    except IntegrityError:
        raise TargetRefused("code-taken") from None
    TargetClass.objects.bulk_create(_rows_of(target, classes))
    note(
        actor=by, deed=Deed.ENTERED, subject="target", subject_id=target.pk,
        after={"code": code, "name": name_es, "classes": [each.code for each in classes]},
    )  # fmt: skip
    return target


def _rows_of(target: Target, classes: Sequence[NewClass]) -> list[TargetClass]:
    """Of two answers each stands for a result of the confirming test."""
    return [
        TargetClass(
            target=target, position=place, code=each.code, name_es=each.name_es,
            name_en=each.name_en, is_positive=each.is_positive,
            test_result=_result(each) if len(classes) == FEWEST_CLASSES else "",
        )
        for place, each in enumerate(classes)
    ]  # fmt: skip


def _result(each: NewClass) -> str:
    return ResultOfTest.POSITIVE if each.is_positive else ResultOfTest.NEGATIVE


def _refuse(code: str, classes: Sequence[NewClass]) -> None:
    if code in RESERVED:
        raise TargetRefused("code-reserved")
    if not FEWEST_CLASSES <= len(classes) <= MOST_CLASSES:
        raise TargetRefused("classes")
    if sum(each.is_positive for each in classes) != 1:
        raise TargetRefused("positive")
    if len({each.code for each in classes}) != len(classes):
        raise TargetRefused("class-twice")
