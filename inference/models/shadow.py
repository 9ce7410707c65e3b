"""What candidates said, unseen by users, about radiographs that the live model answered for."""

from django.db import models

from core.models import Record
from images.models import TargetClass
from inference.models.deployed import DeployedModel
from inference.models.prediction import Prediction


class ShadowScore(Record):
    """A candidate's answer beside the served one. No page of a radiograph ever shows it."""

    model = models.ForeignKey(DeployedModel, models.CASCADE, related_name="shadow_scores")
    prediction = models.ForeignKey(Prediction, models.CASCADE, related_name="shadow_scores")
    predicted_class = models.ForeignKey(TargetClass, models.PROTECT, related_name="+")
    probability = models.FloatField()  # of the positive class, calibrated, 0..1
    agrees = models.BooleanField()  # the same class as the served prediction

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model", "prediction"], name="one_shadow_score")
        ]

    def __str__(self) -> str:
        return f"{self.model_id} {'agrees' if self.agrees else 'disagrees'}"
