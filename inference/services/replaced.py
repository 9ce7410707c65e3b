"""Part of a stored picture was covered: nothing that the old pixels gave may stand."""

from django.db import transaction
from django.utils import timezone

from core.jobs import JobStatus
from images.models import Radiograph
from images.radiograph import RadiographPixels
from inference import features, inputs
from inference.models import Explanation, Prediction
from inference.services.queue import request_predictions

# Answers of the old pixels stay as rows, cancelled with this code, for whoever asks what was said.
PIXELS_REPLACED = "pixels-replaced"


@transaction.atomic
def start_over(*, radiograph: Radiograph, pixels: RadiographPixels, before: str) -> int:
    """Void predictions and heat maps, wipe the features, and ask again; joins the transaction.

    `before` is the hash of the old pixels. A worker that holds one of the predictions cannot write
    to it any more. Returns how many models were asked.
    """
    Explanation.objects.filter(prediction__radiograph=radiograph).delete()
    answers = Prediction.objects.filter(radiograph=radiograph).exclude(status=JobStatus.CANCELLED)
    answers.update(
        status=JobStatus.CANCELLED, owner="", lease_until=None, error_code=PIXELS_REPLACED,
        updated_at=timezone.now(),
    )  # fmt: skip
    transaction.on_commit(lambda: features.forget(before))
    # Before the bell of the new predictions, which would else find the old input.
    transaction.on_commit(lambda: inputs.hand_over(radiograph.pk, pixels))
    return request_predictions(radiographs=[radiograph])
