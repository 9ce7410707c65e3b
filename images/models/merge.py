"""Two patient codes turned out to be one person."""

from django.db import models

from accounts.models import Site, User
from core.models import Record
from images.models.patient import CODE_MAX_LENGTH, Patient


class PatientMerge(Record):
    """`absorbed_code` is now part of `kept`: whoever names it means the kept patient.

    Rows are the history. When a kept patient is absorbed in turn its rows follow it.
    """

    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    kept = models.ForeignKey(Patient, models.CASCADE, related_name="merges")
    absorbed_key = models.UUIDField(editable=False)
    absorbed_code = models.CharField(max_length=CODE_MAX_LENGTH)
    # Ids of the radiographs that moved.
    radiographs = models.JSONField(default=list)
    # Split keys that the kept and the absorbed patient had until then.
    kept_split_key = models.UUIDField(editable=False)
    absorbed_split_key = models.UUIDField(editable=False)
    merged_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-created_at",)
        indexes = [models.Index(fields=["site", "absorbed_code"], name="merge_by_code")]

    def __str__(self) -> str:
        return str(self.pk)
