"""A person's word that a radiograph is one, against the gate."""

from django.db import models

from accounts.models import User
from core.models import Record
from images.models import Radiograph


class GateOverride(Record):
    """Append-only: who let the network answer for an image that the gate had stopped, and why."""

    radiograph = models.ForeignKey(Radiograph, models.CASCADE, related_name="gate_overrides")
    overridden_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)

    class Meta:
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return str(self.radiograph_id)
