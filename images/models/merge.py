"""Two patient codes turned out to be one person."""

from django.db import models

from accounts.models import Site, User
from core.models import Record
from images.models.patient import CODE_MAX_LENGTH, Patient


class PatientMerge(Record):
    """`absorbed_code` is now part of `kept`. Rows are only ever added; they are the history."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    kept = models.ForeignKey(Patient, models.CASCADE, related_name="merges")
    absorbed_key = models.UUIDField(editable=False)
    absorbed_code = models.CharField(max_length=CODE_MAX_LENGTH)
    # Ids of the radiographs that moved.
    radiographs = models.JSONField(default=list)
    merged_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return str(self.pk)
