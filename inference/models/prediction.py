"""The answers of models to radiographs, and the queue of those that are still to come."""

from typing import Self

from django.db import models
from django.db.models.expressions import Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.jobs import OPEN_STATUSES, Job, JobQuerySet, JobStatus
from images.models import Radiograph, Target, TargetClass
from inference.models.deployed import DeployedModel


class Urgency(models.IntegerChoices):
    """Who is served first; within one urgency the people who wait take turns."""

    INTERACTIVE = 0, _("Somebody waits for it")
    BULK = 1, _("Part of a batch")
    BACKGROUND = 2, _("Nobody waits for it")


class PredictionQuerySet(JobQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(radiograph__in=Radiograph.objects.visible_to(user))

    def waiting(self) -> Self:
        return self.filter(status__in=OPEN_STATUSES)

    def first_in_line(self, each: int) -> Self:
        """The claimable rows that have waited longest: at most `each` of one person and urgency.

        One person's batch of thousands so costs the choice no more than the batch of ten does.
        """
        place = Window(
            RowNumber(),
            partition_by=[models.F("urgency"), models.F("requested_by")],
            order_by=[models.F("created_at"), models.F("pk")],
        )
        claimable = self.claimable(timezone.now()).annotate(place=place)
        return claimable.filter(place__lte=each)

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
    # Whose turn it is: the person who uploaded, or asked again; null for the platform itself.
    requested_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    urgency = models.PositiveSmallIntegerField(choices=Urgency.choices, default=Urgency.INTERACTIVE)
    model = models.ForeignKey(DeployedModel, models.PROTECT, null=True, related_name="predictions")
    predicted_class = models.ForeignKey(TargetClass, models.PROTECT, null=True, related_name="+")
    probability = models.FloatField(null=True)  # of the positive class, calibrated, 0..1
    probabilities = models.JSONField(default=dict)  # class code -> 0..1
    # Codes of the classes that the model cannot rule out at its error rate; [] where its artifact
    # says nothing of that (see inference.ml.conformal).
    answers = models.JSONField(default=list)
    # True: the model cannot decide between them. A doctor should look.
    is_unsure = models.BooleanField(default=False)
    features_were_cached = models.BooleanField(default=False)
    milliseconds = models.PositiveIntegerField(null=True)
    # Name, device, precision and version of what computed; empty before the work.
    engine = models.JSONField(default=dict)
    # How much the image looks like a frontal chest radiograph: structural similarity to the mean
    # radiograph (-1..1) and the learned score (0..1); null where the gate did not look.
    gate_similarity = models.FloatField(null=True)
    gate_score = models.FloatField(null=True)
    # Which gate measured them: another one measures anew.
    gate_version = models.CharField(max_length=60, blank=True, default="")

    objects = PredictionQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        indexes = [
            models.Index(
                fields=["status", "urgency", "requested_by", "created_at"], name="prediction_queue"
            ),
            models.Index(
                fields=["radiograph", "target", "-created_at"], name="predictions_of_radiograph"
            ),
            models.Index(
                fields=["target", "radiograph"],
                name="unsure_predictions",
                condition=models.Q(is_unsure=True),
            ),
        ]
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
