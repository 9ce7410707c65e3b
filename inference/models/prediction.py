"""What is served and what it said: deployed models, cached features, predictions."""

import uuid
from typing import Self

from django.db import models
from django.utils import timezone

from accounts.models import User
from core.jobs import OPEN_STATUSES, Job, JobQuerySet, JobStatus
from core.models import Record
from images.models import Radiograph, Target, TargetClass


class DeployedModelQuerySet(models.QuerySet["DeployedModel"]):
    def live(self, target: Target) -> "DeployedModel | None":
        """The model that serves `target`: the newest row."""
        return self.filter(target=target).order_by("-created_at", "-pk").first()

    def live_models(self) -> Self:
        """The models that serve now: one for each active target that has any."""
        newest = DeployedModel.objects.filter(target=models.OuterRef("target"))
        newest_key = newest.order_by("-created_at", "-pk").values("pk")[:1]
        return self.filter(target__is_active=True, pk=models.Subquery(newest_key)).select_related(
            "target"
        )


class DeployedModel(Record):
    """One activation of one artifact. Append-only: a rollback is a new row on an old artifact.

    `created_at` is the moment of activation; the newest row of a target is live.
    """

    target = models.ForeignKey(Target, models.PROTECT, related_name="deployed_models")
    version = models.CharField(max_length=80)
    architecture = models.CharField(max_length=40)
    extractor = models.CharField(max_length=40)
    preprocessing = models.CharField(max_length=40)
    # A folder's name below settings.ARTIFACTS_DIR, never a path from outside.
    artifact = models.CharField(max_length=120)
    # Of the manifest, which itself names the hash of the weights: it pins the whole artifact.
    sha256 = models.CharField(max_length=64)
    threshold = models.FloatField()
    metrics = models.JSONField(default=dict)
    limits = models.JSONField(default=list)
    activated_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=200, blank=True, default="")

    objects = DeployedModelQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        indexes = [models.Index(fields=["target", "-created_at"], name="live_model")]

    def __str__(self) -> str:
        return f"{self.target.code} {self.version}"


class FeatureVector(Record):
    """Index of one cached vector (fp16, little endian) in `settings.FEATURES_DIR`."""

    pixel_sha256 = models.CharField(max_length=64)
    extractor = models.CharField(max_length=40)
    preprocessing = models.CharField(max_length=40)
    dimensions = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["pixel_sha256", "extractor", "preprocessing"], name="one_vector_per_key"
            )
        ]

    def __str__(self) -> str:
        return f"{self.extractor} {self.preprocessing} {self.pixel_sha256[:12]}"


class PredictionQuerySet(JobQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(radiograph__in=Radiograph.objects.visible_to(user))

    def waiting(self) -> Self:
        return self.filter(status__in=OPEN_STATUSES)

    def oldest_claimable(self) -> uuid.UUID | None:
        """Key of the row that has waited longest, among those a worker may take now."""
        waiting = self.claimable(timezone.now()).order_by("created_at", "pk")
        return waiting.values_list("pk", flat=True).first()

    def newest_first(self) -> Self:
        """With all that a page shows of a prediction."""
        return self.select_related("target", "model", "predicted_class").order_by(
            "-created_at", "-pk"
        )


class Prediction(Job):
    """The answer of one model to one radiograph, and the job that finds it (states: core.jobs).

    The model is pinned at the moment of the work, so that a prediction never mixes two versions.
    """

    radiograph = models.ForeignKey(Radiograph, models.CASCADE, related_name="predictions")
    target = models.ForeignKey(Target, models.PROTECT, related_name="predictions")
    model = models.ForeignKey(DeployedModel, models.PROTECT, null=True, related_name="predictions")
    predicted_class = models.ForeignKey(TargetClass, models.PROTECT, null=True, related_name="+")
    probability = models.FloatField(null=True)  # of the positive class, calibrated, 0..1
    probabilities = models.JSONField(default=dict)  # class code -> 0..1
    features_were_cached = models.BooleanField(default=False)
    milliseconds = models.PositiveIntegerField(null=True)

    objects = PredictionQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        indexes = [models.Index(fields=["status", "created_at"], name="prediction_queue")]
        constraints = [
            models.UniqueConstraint(
                fields=["radiograph", "target"],
                condition=models.Q(status__in=[JobStatus.QUEUED, JobStatus.RUNNING]),
                name="one_open_prediction",
            ),
            models.UniqueConstraint(
                fields=["radiograph", "model"],
                condition=models.Q(status=JobStatus.DONE),
                name="one_prediction_per_model",
            ),
            models.CheckConstraint(
                name="done_predictions_are_whole",
                condition=~models.Q(status=JobStatus.DONE)
                | models.Q(
                    model__isnull=False, predicted_class__isnull=False, probability__isnull=False
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.target.code} {self.status}"
