"""Ground truth: what the confirming test said. Rows are only ever added."""

from typing import Any, Final, NoReturn, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.models import Record
from images.models.radiograph import Radiograph
from images.models.target import Target, TargetClass


class GroundTruthQuerySet(models.QuerySet["GroundTruth"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(radiograph__in=Radiograph.objects.visible_to(user))

    def current(self) -> Self:
        return self.filter(is_current=True)

    def update(self, **values: Any) -> int:
        """Only the mark of the last statement may change. Raises AppendOnly for anything else."""
        if not set(values) <= MAY_CHANGE:
            raise AppendOnly
        return super().update(**values)

    def delete(self) -> NoReturn:
        """A history goes with its radiograph, never alone."""
        raise AppendOnly


class AppendOnly(Exception):
    """Somebody tried to rewrite what was stated."""


# What a merge of two patients or a correction may touch; the rest stands as it was written.
MAY_CHANGE: Final = frozenset({"is_current", "updated_at"})


class GroundTruth(Record):
    """One statement of a person about one radiograph and one target.

    A correction is a new row that `supersedes` the old; `is_current` marks the last one and is the
    only column that ever changes. A statement that came second, when another person had just
    changed the record, is kept too: `came_after` names what stood then, and it never was current.
    A prediction never becomes ground truth by itself.
    """

    radiograph = models.ForeignKey(Radiograph, models.CASCADE, related_name="truths")
    target = models.ForeignKey(Target, models.PROTECT, related_name="truths")
    target_class = models.ForeignKey(
        TargetClass,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="truths",
        verbose_name=_("result"),
    )  # None: the test was not done, its result is unknown, or it was indeterminate
    is_indeterminate = models.BooleanField(_("indeterminate"), default=False)
    # The day on which the sample was taken.
    tested_on = models.DateField(_("date of the sample"), null=True, blank=True)
    laboratory = models.CharField(_("laboratory"), max_length=120, blank=True, default="")
    kit = models.CharField(_("test kit"), max_length=120, blank=True, default="")
    reason = models.CharField(_("reason of the change"), max_length=300, blank=True, default="")
    # Of the table it came from, and the line there; empty and null where it was typed.
    source_sha256 = models.CharField(max_length=64, blank=True, default="", editable=False)
    source_row = models.PositiveIntegerField(null=True, blank=True, editable=False)
    entered_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    # RESTRICT, not PROTECT: a chain may go as a whole, with its radiograph, but never in part.
    supersedes = models.OneToOneField(
        "self", models.RESTRICT, null=True, blank=True, related_name="superseded_by"
    )
    came_after = models.ForeignKey(
        "self", models.RESTRICT, null=True, blank=True, editable=False, related_name="not_taken"
    )
    is_current = models.BooleanField(default=True, editable=False)

    objects = GroundTruthQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["radiograph", "target"],
                condition=models.Q(is_current=True),
                name="one_current_truth_per_target",
            ),
            models.CheckConstraint(
                name="indeterminate_names_no_class",
                condition=models.Q(is_indeterminate=False) | models.Q(target_class=None),
            ),
            models.CheckConstraint(
                name="not_taken_is_never_current",
                condition=models.Q(came_after=None) | models.Q(is_current=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.target.code}: {self.result}"

    @property
    def result(self) -> str:
        """`positive`, `negative`, a class code for targets of more classes, `indeterminate` or
        `unknown`."""
        if self.is_indeterminate:
            return "indeterminate"
        if self.target_class is None:
            return "unknown"
        return self.target_class.test_result or self.target_class.code

    def save(self, *args: Any, **options: Any) -> None:
        """Raises AppendOnly when a stored statement would be rewritten."""
        fields = options.get("update_fields")
        if not self._state.adding and not (fields and set(fields) <= MAY_CHANGE):
            raise AppendOnly
        super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> NoReturn:
        """A history goes with its radiograph, never alone."""
        raise AppendOnly
