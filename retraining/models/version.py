"""The registry: every model that was trained or taken in here, with its evidence."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.jobs import OPEN_STATUSES, Job
from core.models import Record
from images.models import Target
from retraining.models.run import ManagedJobs, TrainingRun
from retraining.models.snapshot import DatasetSnapshot, ManagedQuerySet


class Origin(models.TextChoices):
    TRAINED = "trained", _("Trained here")
    IMPORTED = "imported", _("Taken in from another installation")


class ModelVersion(Record):
    """One artifact in the registry of its target. It never changes; whether it serves is said by
    `inference.DeployedModel`, by the same `sha256`.

    `evaluation`: see docs/retraining.md, "What a version knows of itself". `figures` are its
    headline numbers ({name: {"value", "low", "high"}}), kept apart for lists.
    """

    target = models.ForeignKey(Target, models.PROTECT, related_name="model_versions")
    number = models.PositiveIntegerField()
    version = models.CharField(max_length=80)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.TRAINED)
    run = models.OneToOneField(TrainingRun, models.PROTECT, null=True, related_name="version")
    snapshot = models.ForeignKey(
        DatasetSnapshot, models.PROTECT, null=True, related_name="versions"
    )
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    architecture = models.CharField(max_length=60)
    extractor = models.CharField(max_length=40)
    # A folder's name below settings.ARTIFACTS_DIR, and the hash of its manifest.
    artifact = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)
    weights_sha256 = models.CharField(max_length=64)
    figures = models.JSONField(default=dict)
    evaluation = models.JSONField(default=dict)
    # Library and code versions, processor, threads: what a reproduction needs.
    environment = models.JSONField(default=dict)

    objects = ManagedQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = [
            models.UniqueConstraint(fields=["target", "number"], name="one_version_number"),
            models.UniqueConstraint(fields=["target", "version"], name="one_version_name"),
        ]
        indexes = [models.Index(fields=["sha256"], name="version_by_sha256")]

    def __str__(self) -> str:
        return self.version


class ShortcutAudit(Job):
    """Whether a version looks at the lungs, or at what tells hospitals apart (states: core.jobs).

    `result`: see docs/retraining.md, "The shortcut audit".
    """

    version = models.OneToOneField(ModelVersion, models.CASCADE, related_name="audit")
    requested_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    result = models.JSONField(default=dict)
    has_passed = models.BooleanField(null=True)
    seconds = models.FloatField(null=True)

    objects = ManagedJobs.as_manager()

    def __str__(self) -> str:
        return self.status


class Reproduction(Job):
    """A version trained again from its own snapshot, seed and recipe (states: core.jobs).

    `result`: {"weights_sha256", "is_same", "largest_difference", "tolerance", "environment"}.
    """

    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="reproductions")
    requested_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    result = models.JSONField(default=dict)
    has_succeeded = models.BooleanField(null=True)
    seconds = models.FloatField(null=True)

    objects = ManagedJobs.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["version"],
                condition=models.Q(status__in=OPEN_STATUSES),
                name="one_open_reproduction",
            )
        ]

    def __str__(self) -> str:
        return self.status
