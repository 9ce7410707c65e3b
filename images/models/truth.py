"""Ground truth: what the confirming test said. Rows are only ever added."""

from typing import Self

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


class GroundTruth(Record):
    """One statement of a person about one radiograph and one target.

    A correction is a new row that `supersedes` the old; `is_current` marks the last one and is the
    only column that ever changes. A prediction never becomes ground truth by itself.
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
    )  # None: the test was not done or its result is unknown
    tested_on = models.DateField(_("date of the test"), null=True, blank=True)
    entered_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    # RESTRICT, not PROTECT: a chain may go as a whole, with its radiograph, but never in part.
    supersedes = models.OneToOneField(
        "self", models.RESTRICT, null=True, blank=True, related_name="superseded_by"
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
            )
        ]

    def __str__(self) -> str:
        return f"{self.target.code}: {self.result}"

    @property
    def result(self) -> str:
        """`positive`, `negative`, a class code for targets of more classes, or `unknown`."""
        if self.target_class is None:
            return "unknown"
        return self.target_class.test_result or self.target_class.code
