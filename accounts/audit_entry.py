"""Who saw, entered, changed or exported what: rows are only ever added."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NoReturn, Self

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.roles import Capability
from core.models import Record

if TYPE_CHECKING:
    from accounts.models import User


class Recorded(Exception):
    """Somebody tried to rewrite or to remove what was recorded."""


class Deed(models.TextChoices):
    SAW = "saw", pgettext_lazy("deed", "Saw")
    ENTERED = "entered", pgettext_lazy("deed", "Entered")
    CHANGED = "changed", pgettext_lazy("deed", "Changed")
    EXPORTED = "exported", pgettext_lazy("deed", "Exported")
    REMOVED = "removed", pgettext_lazy("deed", "Removed")


class Way(models.TextChoices):
    """By which door it was done."""

    PAGE = "page", _("Page")
    API = "api", _("API")
    BATCH = "batch", _("Batch of files")
    TABLE = "table", _("Table")
    BULK = "bulk", _("Action upon many")
    COMMAND = "command", _("Command line")
    TASK = "task", _("The platform itself")


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    def visible_to(self, user: "User") -> Self:
        """Of the own institution, for those who may read the record; platform-wide: all."""
        if not user.can(Capability.READ_AUDIT):
            return self.none()
        return self if user.is_platform_wide else self.filter(site=user.site_id)

    def update(self, **values: Any) -> NoReturn:
        raise Recorded

    def bulk_update(self, objs: Iterable["AuditEntry"], *args: Any, **options: Any) -> NoReturn:
        raise Recorded

    def delete(self) -> NoReturn:
        raise Recorded


class AuditEntry(Record):
    """One deed of one person. `before` and `after` hold the values that changed, by field name.

    `subject` says what kind of thing it was (`radiograph`, `truth`, `export`, ...), `subject_id`
    which one, `patient_id` whose, where it was a patient's: keys outlive what they name, so no
    foreign keys. Values that name a patient (codes, identifiers) are never written here.
    """

    site = models.ForeignKey(
        "accounts.Site", models.PROTECT, null=True, related_name="+", editable=False
    )
    # Null: the platform itself.
    actor = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", editable=False
    )
    # As it was then: roles change.
    role = models.CharField(max_length=20, blank=True, default="")
    deed = models.CharField(max_length=10, choices=Deed.choices)
    subject = models.CharField(max_length=30)
    subject_id = models.UUIDField(null=True)
    patient_id = models.UUIDField(null=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    # One of `Way`.
    way = models.CharField(max_length=10, default="page")

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        indexes = [
            models.Index(fields=["site", "-created_at", "-id"], name="audit_of_site"),
            models.Index(fields=["actor", "-created_at", "-id"], name="audit_of_person"),
            models.Index(fields=["site", "deed", "-created_at", "-id"], name="audit_of_deed"),
            # The key first: SQLite, which counts nothing, else reads all rows of the institution.
            models.Index(
                fields=["subject_id", "site", "-created_at", "-id"], name="audit_of_subject"
            ),
            models.Index(
                fields=["patient_id", "site", "-created_at", "-id"], name="audit_of_patient"
            ),
            models.Index(fields=["-created_at", "-id"], name="audit_everywhere"),
        ]

    def __str__(self) -> str:
        return f"{self.deed} {self.subject}"

    def save(self, *args: Any, **options: Any) -> None:
        """Raises Recorded for a row that is stored."""
        if not self._state.adding:
            raise Recorded
        super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> NoReturn:
        raise Recorded
