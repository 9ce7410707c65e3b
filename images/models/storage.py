"""How much room a site and its people use, and the source files some sites keep for a while."""

from django.db import models

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
