"""A table of metadata between its dry run and its application."""

from typing import Final, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Site, User
from accounts.roles import Capability
from core.models import Record
from images.models.batch import UploadBatch


class TableKind(models.TextChoices):
    METADATA = "metadata", _("Data of radiographs")
    LABORATORY = "laboratory", _("Results of a laboratory")


CAPABILITY: Final = {
    TableKind.METADATA: Capability.ADD_RADIOGRAPHS,
    TableKind.LABORATORY: Capability.RECORD_TRUTH,
}


class MetadataTableQuerySet(models.QuerySet["MetadataTable"]):
    def visible_to(self, user: User) -> Self:
        """One's own, of the kinds that one may (still) send."""
        kinds = [kind for kind, capability in CAPABILITY.items() if user.can(capability)]
        return self.filter(owner=user, kind__in=kinds)


class MetadataTable(Record):
    """A CSV or XLSX file that was looked at and is not applied yet, or was.

    The file itself may hold anything: it waits sealed below INTAKE_DIR under the row's key and goes
    when the table is applied, thrown away or a day old.
    """

    kind = models.CharField(max_length=10, choices=TableKind.choices, default=TableKind.METADATA)
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    owner = models.ForeignKey(User, models.CASCADE, related_name="tables")
    batch = models.ForeignKey(
        UploadBatch, models.SET_NULL, null=True, blank=True, related_name="tables"
    )
    sha256 = models.CharField(max_length=64)
    created_count = models.PositiveIntegerField(default=0)
    changed_count = models.PositiveIntegerField(default=0)
    refused_count = models.PositiveIntegerField(default=0)
    applied_at = models.DateTimeField(null=True, editable=False)

    objects = MetadataTableQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return str(self.pk)
