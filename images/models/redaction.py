"""Burned-in text that a person covered."""

from django.db import models

from accounts.models import User
from core.models import Record
from images.models.radiograph import Radiograph


class Redaction(Record):
    """Rectangles of pixels made black for good. Rows are only ever added."""

    radiograph = models.ForeignKey(Radiograph, models.CASCADE, related_name="redactions")
    # [[left, top, width, height], ...] in pixels of the stored picture.
    boxes = models.JSONField(default=list)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    pixel_sha256_before = models.CharField(max_length=64)

    class Meta:
        ordering = ("created_at",)

    def __str__(self) -> str:
        return str(self.pk)
