"""What left the house, so that a consent withdrawn later can be told to those who have it."""

from typing import Self

from django.db import models
from django.db.models import functions
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Capability
from core.models import Record
from images.models.radiograph import Radiograph


class ExportKind(models.TextChoices):
    CSV = "csv", _("CSV table")
    ZIP = "zip", _("ZIP archive")


class ExportQuerySet(models.QuerySet["Export"]):
    def visible_to(self, user: User) -> Self:
        """A person's own; platform-wide administrators see all."""
        if not user.can(Capability.EXPORT_CASES):
            return self.none()
        return self if user.is_platform_wide else self.filter(owner=user)

    def with_gone(self) -> Self:
        """Adds `gone`: how many cases their holder has to delete by now."""
        items = ExportedRadiograph.objects.gone().filter(export=models.OuterRef("pk")).order_by()
        count = items.values("export").annotate(number=models.Count("key", distinct=True))
        return self.annotate(
            gone=functions.Coalesce(models.Subquery(count.values("number")), models.Value(0))
        )


class Export(Record):
    """One download of cases. `finished_at` stays empty when the reader went away midway."""

    owner = models.ForeignKey(User, models.PROTECT, related_name="exports")
    kind = models.CharField(max_length=5, choices=ExportKind.choices)
    # The filters in force, without patient codes.
    query = models.CharField(max_length=2000, blank=True, default="")
    cases = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, editable=False)
    # Of an archive that a job made: its name below EXPORTS_DIR until `expires_at`.
    file_name = models.CharField(max_length=100, blank=True, default="")
    action = models.ForeignKey(
        "images.BulkAction", models.SET_NULL, null=True, blank=True, related_name="exports"
    )
    expires_at = models.DateTimeField(null=True, editable=False)

    objects = ExportQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return str(self.pk)


class ExportedRadiographQuerySet(models.QuerySet["ExportedRadiograph"]):
    def gone(self) -> Self:
        """Deleted since, or of patients who withdrew their consent since."""
        withdrawn = models.Q(radiograph__patient__consent_withdrawn_at__isnull=False)
        return self.filter(withdrawn | models.Q(radiograph=None))


class ExportedRadiograph(models.Model):
    """`key` outlives the radiograph, so that a deleted case can still be named to its holders."""

    id = models.BigAutoField(primary_key=True)
    export = models.ForeignKey(Export, models.CASCADE, related_name="items")
    key = models.UUIDField(db_index=True)
    radiograph = models.ForeignKey(
        Radiograph, models.SET_NULL, null=True, blank=True, related_name="exported"
    )

    objects = ExportedRadiographQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.key)
