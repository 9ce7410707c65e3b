"""Near-duplicates: crops, re-saves and other sizes of one picture share a group."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.models import Record
from images.models.radiograph import Radiograph


class Likeness(models.TextChoices):
    PERCEPTUAL = "perceptual", _("The pictures look the same")
    FEATURES = "features", _("The network sees the same")


class CopyLink(Record):
    """Why two radiographs are in one group. `first` is the older row."""

    first = models.ForeignKey(Radiograph, models.CASCADE, related_name="+")
    second = models.ForeignKey(Radiograph, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Likeness.choices)
    distance = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["first", "second", "kind"], name="one_link_per_pair_and_kind"
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)
