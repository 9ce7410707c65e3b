"""A list of cases to be read: the worklist of an institution, or a reader study."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Site, User
from accounts.roles import Capability
from core.models import Record
from images.models import Target


class ListKind(models.TextChoices):
    WORKLIST = "worklist", _("Worklist")
    STUDY = "study", _("Reader study")


class ReaderPart(models.TextChoices):
    READER = "reader", _("Reader")
    ADJUDICATOR = "adjudicator", _("Adjudicator")


class ReadingListQuerySet(models.QuerySet["ReadingList"]):
    def visible_to(self, user: User) -> Self:
        """Lists of the own institution (platform-wide administrators: all).

        Readers see worklists and the studies they have a part in; who manages studies sees all.
        """
        if not user.can(Capability.READ_CASES):
            return self.none()
        mine = self if user.is_platform_wide else self.filter(site=user.site_id)
        if user.can(Capability.MANAGE_STUDIES):
            return mine
        part = ListReader.objects.filter(reading_list=models.OuterRef("pk"), reader=user)
        return mine.filter(models.Q(kind=ListKind.WORKLIST) | models.Exists(part))

    def worklists(self) -> Self:
        return self.filter(kind=ListKind.WORKLIST)

    def studies(self) -> Self:
        return self.filter(kind=ListKind.STUDY)

    def running(self) -> Self:
        return self.filter(closed_at=None)


class ReadingList(Record):
    """Cases of one institution, and the rules by which they are read.

    A worklist is one per institution and open to all its doctors; a study has named readers, each
    of whom reads every case without knowing what the others said.
    """

    kind = models.CharField(max_length=10, choices=ListKind.choices)
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("institution"))
    # The question of the model that is compared, and of the ground truth.
    target = models.ForeignKey(Target, models.PROTECT, related_name="+", verbose_name=_("question"))
    name = models.CharField(_("name"), max_length=120, blank=True, default="")
    purpose = models.CharField(_("purpose"), max_length=500, blank=True, default="")
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    # A worklist's case is done after so many readings by different people; a study's after all.
    readings_needed = models.PositiveSmallIntegerField(_("readings of each case"), default=1)
    hides_model = models.BooleanField(
        _("the model's answer is hidden until the reader has answered"), default=True
    )
    # Of a study: how its cases were chosen, with the seed of the draw (reading.services.studies).
    protocol = models.JSONField(default=dict, blank=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)

    objects = ReadingListQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["site"],
                condition=models.Q(kind="worklist"),
                name="one_worklist_per_site",
            )
        ]

    def __str__(self) -> str:
        return self.name or str(self.site)

    @property
    def is_study(self) -> bool:
        return self.kind == ListKind.STUDY


class ListReader(Record):
    """A person's part in a study. `position` names readers in tables: reader 1, reader 2, ..."""

    reading_list = models.ForeignKey(ReadingList, models.CASCADE, related_name="parts")
    reader = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("reader"))
    part = models.CharField(max_length=12, choices=ReaderPart.choices, default=ReaderPart.READER)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position", "created_at")
        constraints = [
            models.UniqueConstraint(fields=["reading_list", "reader"], name="one_part_in_a_study")
        ]

    def __str__(self) -> str:
        return str(self.reader)
