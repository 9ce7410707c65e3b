"""The index of the feature cache: which vector lies where, and the hash of its bytes."""

from django.db import models

from core.models import Record


class FeatureShard(Record):
    """One file (or object) of fp16 vectors of one extractor, appended to and never rewritten.

    `name` is the file's name below the store's folder for that extractor and preprocessing.
    """

    name = models.CharField(max_length=80, unique=True)
    extractor = models.CharField(max_length=40)
    preprocessing = models.CharField(max_length=40)
    dimensions = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.name


class FeatureVector(Record):
    """Index of one cached vector (fp16, little endian): row `position` of its shard.

    `sha256` is over the bytes of the vector. `pooled` is its spatial mean (fp16, little endian,
    one number a channel), kept here so that an index of similar cases never reads the shards.
    """

    shard = models.ForeignKey(FeatureShard, models.CASCADE, related_name="vectors")
    position = models.PositiveIntegerField()
    pixel_sha256 = models.CharField(max_length=64)
    extractor = models.CharField(max_length=40)
    preprocessing = models.CharField(max_length=40)
    sha256 = models.CharField(max_length=64)
    pooled = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["pixel_sha256", "extractor", "preprocessing"], name="one_vector_per_key"
            ),
            models.UniqueConstraint(fields=["shard", "position"], name="one_vector_per_place"),
        ]

    def __str__(self) -> str:
        return f"{self.extractor} {self.preprocessing} {self.pixel_sha256[:12]}"
