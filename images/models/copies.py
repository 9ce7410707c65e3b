"""Near-duplicates: crops, re-saves and other sizes of one picture share a group.

`Radiograph.copy_group` says who belongs together, the links say why. Groups only ever grow: what is
deleted or covered later moves nobody else into another split.
"""

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


class PictureSketch(models.Model):
    """What a radiograph's picture is looked up and compared by (images.copies.sketch).

    A radiograph without a row is still to be sketched. `band0`..`band3` are 16 bits each, empty for
    a flat picture, of which there is nothing to compare.
    """

    radiograph = models.OneToOneField(
        Radiograph, models.CASCADE, primary_key=True, related_name="sketch"
    )
    version = models.PositiveSmallIntegerField()
    band0 = models.IntegerField(null=True, db_index=True)
    band1 = models.IntegerField(null=True, db_index=True)
    band2 = models.IntegerField(null=True, db_index=True)
    band3 = models.IntegerField(null=True, db_index=True)
    coefficients = models.BinaryField(default=bytes)
    # True once the features of the network were compared too (inference.copies).
    features_compared = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(
                fields=["radiograph"], name="features_to_compare",
                condition=models.Q(features_compared=False),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.radiograph_id)
