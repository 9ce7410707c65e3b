"""Burned-in text that a person covered."""

from django.db import models

from accounts.models import User
from core.models import Record
from images.models.radiograph import Radiograph


class Redaction(Record):
    """A person's verdict on writing in the picture. Rows are only ever added.

    Rectangles of pixels were made black for good; with none, the writing names nobody.
    """

    radiograph = models.ForeignKey(Radiograph, models.CASCADE, related_name="redactions")
    # [[left, top, width, height], ...] in pixels of the stored picture.
    boxes = models.JSONField(default=list)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    # By it the same picture is known again when it comes in once more, not covered.
    pixel_sha256_before = models.CharField(max_length=64, db_index=True)

    class Meta:
        ordering = ("created_at",)

    def __str__(self) -> str:
        return str(self.pk)
