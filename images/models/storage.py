"""Room that people use, source files that some sites keep for a while, and what checks found."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Site, User
from core.models import Record
from images.models.radiograph import Radiograph


class StorageUse(Record):
    """Bytes and radiographs that one person brought to one site, the trash included."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="storage_use")
    person = models.ForeignKey(User, models.CASCADE, related_name="storage_use")
    stored_bytes = models.BigIntegerField(default=0)
    radiographs = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "person"], name="one_use_per_site_and_person")
        ]

    def __str__(self) -> str:
        return str(self.pk)


class QuarantinedSource(Record):
    """A source file kept sealed below QUARANTINE_DIR until `expires_at`, then gone."""

    radiograph = models.OneToOneField(Radiograph, models.CASCADE, related_name="quarantined")
    key = models.CharField(max_length=40, unique=True)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key


class StorageProblem(models.TextChoices):
    MISSING_FILE = "missing-file", _("The picture is missing")
    WRONG_FILE = "wrong-file", _("The picture is not what was stored")
    MISSING_THUMBNAIL = "missing-thumbnail", _("The thumbnail is missing")
    WRONG_THUMBNAIL = "wrong-thumbnail", _("The thumbnail is not what was stored")


class StorageFindingQuerySet(models.QuerySet["StorageFinding"]):
    def visible_to(self, user: User) -> Self:
        """Of radiographs that the person sees; the platform's administrators see all."""
        return self.filter(radiograph__in=Radiograph.objects.visible_to(user))


class StorageFinding(Record):
    """A file of a radiograph that a check found damaged or gone; removed once it is whole again."""

    radiograph = models.ForeignKey(Radiograph, models.CASCADE, related_name="storage_findings")
    problem = models.CharField(max_length=20, choices=StorageProblem.choices)

    objects = StorageFindingQuerySet.as_manager()

    class Meta:
        ordering = ("created_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["radiograph", "problem"], name="one_finding_per_problem"
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)


class SweepRound(Record):
    """A round through all stored files: first for orphans, folder by folder, then for damage.

    `folder` and `position` are the folder and the radiograph that were looked at last, so that the
    next slice goes on there.
    """

    folder = models.CharField(max_length=100, blank=True, default="")
    position = models.UUIDField(null=True)
    looked_at = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return str(self.pk)
