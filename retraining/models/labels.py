"""What trains, what was trained, and what looks wrong in the labels."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Site, User
from accounts.roles import Capability
from core.jobs import Job, JobQuerySet
from core.models import Record
from images.models import GroundTruth, Radiograph, Target


class Suspicion(models.TextChoices):
    LOSS = "loss", _("Heads that never saw it give its label almost no chance")
    COPIES = "copies", _("A near-duplicate has another label")
    CHANGED = "changed", _("The ground truth changed after a model was trained with it")


class SuspectState(models.TextChoices):
    OPEN = "open", _("To be looked at")
    KEPT = "kept", _("Looked at: the label stands")
    CORRECTED = "corrected", _("The label was corrected")


class SuspectedLabelQuerySet(models.QuerySet["SuspectedLabel"]):
    def visible_to(self, user: User) -> Self:
        if not user.can(Capability.REVIEW_LABELS):
            return self.none()
        return self.filter(radiograph__in=Radiograph.objects.visible_to(user).kept())


class SuspectedLabel(Record):
    """One reason to look again at one statement of ground truth.

    `score`: for `loss` the cross-entropy in nats, mean over the heads that never saw the patient;
    for the others 0. A statement is suspected once for each reason; who keeps it, keeps it until
    the statement changes.
    """

    radiograph = models.ForeignKey(Radiograph, models.CASCADE, related_name="suspicions")
    truth = models.ForeignKey(GroundTruth, models.CASCADE, related_name="suspicions")
    suspicion = models.CharField(max_length=10, choices=Suspicion.choices)
    score = models.FloatField(default=0.0)
    # The near-duplicate with another label, where that is the reason.
    other = models.ForeignKey(Radiograph, models.CASCADE, null=True, related_name="+")
    state = models.CharField(max_length=10, choices=SuspectState.choices, default=SuspectState.OPEN)
    judged_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    judged_at = models.DateTimeField(null=True)
    note = models.CharField(_("note"), max_length=300, blank=True, default="")

    objects = SuspectedLabelQuerySet.as_manager()

    class Meta:
        ordering = ("-score", "-created_at", "pk")
        constraints = [
            models.UniqueConstraint(fields=["truth", "suspicion"], name="suspected_once")
        ]
        indexes = [models.Index(fields=["state", "-score"], name="suspects_by_score")]

    def __str__(self) -> str:
        return self.suspicion


class LabelCheck(Job):
    """A search for suspected label errors over all confirmed cases of one target."""

    target = models.ForeignKey(Target, models.PROTECT, related_name="+")
    requested_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    checked = models.PositiveIntegerField(default=0)
    found = models.PositiveIntegerField(default=0)
    without_features = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["target"],
                condition=models.Q(status__in=["queued", "running"]),
                name="one_open_label_check",
            )
        ]

    def __str__(self) -> str:
        return self.status


class LabelImpactQuerySet(JobQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(requested_by=user)


class LabelImpact(Job):
    """What a batch of labels that is not saved yet would change: asked for, computed, shown once.

    `labels`: {radiograph key: class code or ""} as they would be. `result`: see
    `retraining.ml.impact.Impact.to_dict`. Rows older than a day are thrown away.
    """

    site = models.ForeignKey(Site, models.CASCADE, null=True, related_name="+")
    target = models.ForeignKey(Target, models.PROTECT, related_name="+")
    requested_by = models.ForeignKey(User, models.CASCADE, related_name="+")
    labels = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    seconds = models.FloatField(null=True)

    objects = LabelImpactQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.status
