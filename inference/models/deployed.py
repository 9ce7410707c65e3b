"""Which artifacts serve, or score unseen beside the one that serves."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.models import Record
from images.models import Target


class Duty(models.TextChoices):
    """What an activated artifact is for."""

    LIVE = "live", _("Serves")
    SHADOW = "shadow", _("Scores in the shadow")


class DeployedModelQuerySet(models.QuerySet["DeployedModel"]):
    def live(self, target: Target) -> "DeployedModel | None":
        """The model that serves `target`: the newest row that is no shadow."""
        return self.filter(target=target, duty=Duty.LIVE).order_by("-created_at", "-pk").first()

    def live_models(self) -> Self:
        """The models that serve now: one for each active target that has any."""
        newest = DeployedModel.objects.filter(target=models.OuterRef("target"), duty=Duty.LIVE)
        newest_key = newest.order_by("-created_at", "-pk").values("pk")[:1]
        return self.filter(target__is_active=True, pk=models.Subquery(newest_key)).select_related(
            "target"
        )

    def shadows(self) -> Self:
        """Candidates that score now, unseen by users."""
        return self.filter(target__is_active=True, duty=Duty.SHADOW, ended_at=None).select_related(
            "target"
        )


class DeployedModel(Record):
    """One activation of one artifact. Append-only: a rollback is a new row on an old artifact.

    `created_at` is the moment of activation; the newest row of a target that is no shadow is live.
    A shadow scores until `ended_at`, which is the one field that is ever written to later.
    """

    target = models.ForeignKey(Target, models.PROTECT, related_name="deployed_models")
    duty = models.CharField(max_length=10, choices=Duty.choices, default=Duty.LIVE)
    ended_at = models.DateTimeField(null=True, blank=True)
    version = models.CharField(max_length=80)
    architecture = models.CharField(max_length=40)
    # Of one that travels with its model: CODE@ and the first 12 digits of its weights' SHA-256.
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
        indexes = [models.Index(fields=["target", "duty", "-created_at"], name="live_model")]

    def __str__(self) -> str:
        return f"{self.target.code} {self.version}"
