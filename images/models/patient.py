"""A patient, known here by a pseudonymous code of the institution and by nothing else."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Site, User
from accounts.roles import Capability
from core.models import Record


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
    code = models.CharField(_("patient code"), max_length=64)
    sex = models.CharField(_("sex"), max_length=1, choices=Sex.choices, blank=True, default="")

    objects = PatientQuerySet.as_manager()

    class Meta:
        ordering = ("site", "code")
        constraints = [
            models.UniqueConstraint(fields=["site", "code"], name="patient_code_once_per_site")
        ]

    def __str__(self) -> str:
        return self.code
