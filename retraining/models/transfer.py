"""Models that come from another installation, and whose signatures are trusted."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.jobs import Job
from core.models import Record
from retraining.models.run import ManagedJobs
from retraining.models.snapshot import ManagedQuerySet
from retraining.models.version import ModelVersion


class TrustedKey(Record):
    """The public key (Ed25519, hex) of another installation, as its administrator gave it."""

    name = models.CharField(_("name of the installation"), max_length=120, unique=True)
    public_key = models.CharField(_("public key"), max_length=64, unique=True)
    added_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    objects = ManagedQuerySet.as_manager()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class ModelImport(Job):
    """A file that a person offered as a model (states: core.jobs). `upload` is a random name below
    settings.MODELS_INTAKE_DIR; `facts`: what it says of itself, and who signed it."""

    upload = models.CharField(max_length=80)
    uploaded_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    # The person's word that a signature of an unknown key is enough.
    accepts_unknown = models.BooleanField(default=False)
    version = models.ForeignKey(ModelVersion, models.SET_NULL, null=True, related_name="+")
    facts = models.JSONField(default=dict)

    objects = ManagedJobs.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return self.status
