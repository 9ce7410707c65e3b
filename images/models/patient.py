"""A patient, known here by a pseudonymous code of the institution and by nothing else."""

import uuid
from typing import Final, Self

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


class Patient(Record):
    site = models.ForeignKey(Site, models.PROTECT, related_name="patients")
    code = models.CharField(_("patient code"), max_length=CODE_MAX_LENGTH, validators=[valid_code])
    sex = models.CharField(_("sex"), max_length=1, choices=Sex.choices, blank=True, default="")
    # What decides the training split: fixed at first sight, inherited by a merge.
    split_key = models.UUIDField(default=uuid.uuid4, editable=False)
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

    def __str__(self) -> str:
        return self.code
