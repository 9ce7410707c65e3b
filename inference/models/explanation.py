"""Where in the radiograph a prediction came from: a map, made on demand by its own job."""

import uuid

from django.db import models
from django.db.models.expressions import Window
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.jobs import OPEN_STATUSES, Job, JobQuerySet, JobStatus
from images.models import Radiograph
from inference.models.prediction import Prediction

# On its way or drawn: what another request would only repeat.
STANDING = [*OPEN_STATUSES, JobStatus.DONE]


class Method(models.TextChoices):
    GRAD_CAM = "grad-cam", _("Grad-CAM")
    FAST_CAM = "fast-cam", _("Fast map from the stored features")


class ExplanationQuerySet(JobQuerySet):
    def visible_to(self, user: User) -> "ExplanationQuerySet":
        return self.filter(prediction__radiograph__in=Radiograph.objects.visible_to(user))

    def standing(self) -> "ExplanationQuerySet":
        return self.filter(status__in=STANDING)

    def next_in_line(self) -> uuid.UUID | None:
        """The claimable row to work on: of whoever waits for the fewest, the oldest.

        One person's thousand maps so keep nobody else waiting for theirs.
        """
        of_person = Window(models.Count("pk"), partition_by=[models.F("requested_by")])
        claimable = self.claimable(timezone.now()).annotate(of_person=of_person)
        line = claimable.order_by("of_person", "created_at", "pk")
        key: uuid.UUID | None = line.values_list("pk", flat=True).first()
        return key


def map_path(explanation: "Explanation", filename: str) -> str:
    """`explanations/ab/<random key>.png`: private, and nothing of the patient in it."""
    key = uuid.uuid4().hex
    return f"explanations/{key[:2]}/{key}.png"


class Explanation(Job):
    """A heat map of one prediction by one method (states: core.jobs).

    The prediction pins the model's version; `method_version` pins the code that drew the map.
    """

    prediction = models.ForeignKey(Prediction, models.CASCADE, related_name="explanations")
    method = models.CharField(max_length=10, choices=Method.choices)
    method_version = models.CharField(max_length=20, blank=True, default="")
    requested_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    overlay = models.FileField(upload_to=map_path, max_length=200, blank=True)
    milliseconds = models.PositiveIntegerField(null=True)

    objects = ExplanationQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["prediction", "method"],
                condition=models.Q(status__in=STANDING),
                name="one_explanation",
            )
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.status}"

    @property
    def is_standing(self) -> bool:
        return self.status in STANDING

    @property
    def is_drawn(self) -> bool:
        return self.status == JobStatus.DONE and bool(self.overlay)

    @property
    def is_empty(self) -> bool:
        """Done, and without a picture: no region speaks for the class."""
        return self.status == JobStatus.DONE and not self.overlay
