"""A patient, known here by a pseudonymous code of the institution and by nothing else."""

import uuid
from typing import Any, Final, Self

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Site, User
from accounts.roles import Capability
from core.models import Record

# Room for the longest identifiers of public collections (74 characters in Cohen's).
CODE_MAX_LENGTH: Final = 100
# No spaces and no accents: what a person would type as a name does not pass by accident.
valid_code = RegexValidator(
    r"\A[A-Za-z0-9][A-Za-z0-9._/-]*\Z",
    _("Only letters, digits and . _ - / are allowed, and the first is a letter or a digit."),
    "bad-patient-code",
)


class Sex(models.TextChoices):
    FEMALE = "F", _("Female")
    MALE = "M", _("Male")
    OTHER = "O", _("Other")


class PatientQuerySet(models.QuerySet["Patient"]):
    def visible_to(self, user: User) -> Self:
        """Patients of the person's institution; researchers see cases, never patients."""
        if not user.can(Capability.ADD_RADIOGRAPHS):
            return self.none()
        return self if user.is_platform_wide else self.filter(site=user.site)

    def code_beginning(self, text: str) -> Self:
        """Those whose code begins with `text`, or a code that a merge absorbed into them."""
        absorbed = models.Exists(
            MergeRef().filter(kept=models.OuterRef("pk"), absorbed_code__istartswith=text)
        )
        return self.filter(models.Q(code__istartswith=text) | absorbed)

    def named_like(self, text: str) -> Self:
        """Those in whose code `text` occurs, or in a code that a merge absorbed into them."""
        absorbed = models.Exists(
            MergeRef().filter(kept=models.OuterRef("pk"), absorbed_code__icontains=text)
        )
        return self.filter(models.Q(code__icontains=text) | absorbed)


def MergeRef() -> models.QuerySet[Any]:  # noqa: N802  (merge.py imports this module)
    from images.models.merge import PatientMerge

    return PatientMerge.objects.all()


class Patient(Record):
    site = models.ForeignKey(Site, models.PROTECT, related_name="patients")
    code = models.CharField(_("patient code"), max_length=CODE_MAX_LENGTH, validators=[valid_code])
    sex = models.CharField(_("sex"), max_length=1, choices=Sex.choices, blank=True, default="")
    # What decides the training split: fixed at first sight, inherited by a merge and by copies.
    split_key = models.UUIDField(default=uuid.uuid4, editable=False)
    # Keys that parts of this patient had before: hex, oldest first (images.services.splits).
    former_split_keys = models.JSONField(default=list, editable=False)
    consent_withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    consent_withdrawn_by = models.ForeignKey(
        User, models.SET_NULL, null=True, editable=False, related_name="+"
    )

    objects = PatientQuerySet.as_manager()

    class Meta:
        ordering = ("site", "code")
        constraints = [
            models.UniqueConstraint(fields=["site", "code"], name="patient_code_once_per_site")
        ]
        indexes = [
            models.Index(fields=["code"], name="patient_by_code"),
            models.Index(fields=["site", "sex"], name="patient_by_sex"),
            models.Index(
                fields=["site"],
                name="patient_withdrawn",
                condition=models.Q(consent_withdrawn_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.code
