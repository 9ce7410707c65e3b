"""What each stage of a prediction took."""

from django.db import models

from core.models import Record
from inference.models.prediction import Prediction


class StageTimings(Record):
    """Milliseconds of one prediction's stages; null where a stage was not needed.

    `fetch` reads the stored bytes, `decode` turns them into pixels, `preprocess` makes the network
    input, `features` is the extractor's share of its micro-batch, `gate` and `head` follow, `store`
    is the share of the commit. A row of its own: `store` is known once the prediction is written.
    """

    prediction = models.OneToOneField(Prediction, models.CASCADE, related_name="stages")
    batch = models.PositiveSmallIntegerField()  # radiographs in the micro-batch
    fetch = models.FloatField(null=True)
    decode = models.FloatField(null=True)
    preprocess = models.FloatField(null=True)
    features = models.FloatField(null=True)
    gate = models.FloatField(null=True)
    head = models.FloatField(null=True)
    store = models.FloatField(null=True)

    class Meta:
        indexes = [models.Index(fields=["-created_at"], name="newest_timings")]

    def __str__(self) -> str:
        return str(self.prediction_id)
