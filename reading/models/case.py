"""One radiograph on one list."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from core.models import Record
from images.models import Radiograph
from reading.models.lists import ReadingList


class Rank(models.IntegerChoices):
    """What is worth a doctor's time first."""

    UNCERTAIN = 0, _("The model is uncertain or gave no answer")
    CONTRADICTED = 1, _("The model and the RT-PCR disagree")
    REST = 2, _("The rest, oldest first")


class CaseState(models.TextChoices):
    OPEN = "open", _("To be read")
    DONE = "done", pgettext_lazy("case", "Read")
    FLAGGED = "flagged", _("Set aside")
    ADJUDICATE = "adjudicate", _("Readers disagree")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class ListCaseQuerySet(models.QuerySet["ListCase"]):
    def visible_to(self, user: User) -> Self:
        """Cases of lists that the person sees, of radiographs that they see and that are kept."""
        lists = ReadingList.objects.visible_to(user)
        radiographs = Radiograph.objects.visible_to(user).kept()
        return self.filter(reading_list__in=lists, radiograph__in=radiographs)

    def open(self) -> Self:
        return self.filter(state=CaseState.OPEN)


class ListCase(Record):
    """One radiograph on one list, with its place there.

        open --enough readings--> done          open --flag--> flagged --put back--> open
        open --readers of a study disagree--> adjudicate --adjudicator--> done
        any --consent withdrawn, trashed--> withdrawn

    Ordered by `rank`, then `value` (lower first: distance of the odds to the threshold in rank 0,
    days since 1970 of the radiograph in the others), then key: so that the next case is read from
    the index. A study is ordered by its own shuffled `position` instead.
    """

    reading_list = models.ForeignKey(ReadingList, models.CASCADE, related_name="cases")
    radiograph = models.ForeignKey(Radiograph, models.CASCADE, related_name="list_cases")
    state = models.CharField(max_length=10, choices=CaseState.choices, default=CaseState.OPEN)
    rank = models.PositiveSmallIntegerField(choices=Rank.choices, default=Rank.REST)
    value = models.FloatField(default=0.0)
    position = models.PositiveIntegerField(default=0)
    # How many people have read it; kept here by reading.services.answering.
    readings_count = models.PositiveSmallIntegerField(default=0)
    assigned_to = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name=_("assigned to"),
    )  # fmt: skip
    flagged_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    flag_reason = models.CharField(_("reason"), max_length=300, blank=True, default="")
    # How often somebody passed it over: skipped cases come back last to the same person.
    skips = models.PositiveSmallIntegerField(default=0)

    objects = ListCaseQuerySet.as_manager()

    class Meta:
        ordering = ("position", "rank", "value", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["reading_list", "radiograph"], name="radiograph_once_on_a_list"
            )
        ]
        indexes = [
            models.Index(
                fields=["reading_list", "state", "rank", "value", "id"], name="case_by_value"
            ),
            models.Index(fields=["reading_list", "state", "position"], name="case_by_position"),
            models.Index(
                fields=["reading_list", "assigned_to", "state", "rank", "value", "id"],
                name="case_by_person",
                condition=models.Q(assigned_to__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
