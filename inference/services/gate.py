"""A person's word against the gate's."""

from django.db import transaction

from accounts.audit import Deed
from accounts.models import User
from core.jobs import JobStatus
from images.audited import note_radiograph
from images.models import Radiograph
from inference import reasons
from inference.models import GateOverride, Prediction
from inference.services.queue import retry


class NotStopped(ValueError):
    """The gate did not stop this prediction, so there is nothing to override."""


@transaction.atomic
def override_gate(*, prediction: Prediction, by: User, reason: str) -> bool:
    """Let the network answer for an image that the gate stopped, because `by` vouches for it.

    The override is kept for ever and shown with every later result. Returns whether a prediction
    was queued: a second click changes nothing. Raises NotStopped.
    """
    if not was_stopped(prediction):
        raise NotStopped
    # Two clicks at once: the second waits here and finds the first one's word.
    radiograph = Radiograph.objects.select_for_update().get(pk=prediction.radiograph_id)
    if not GateOverride.objects.filter(radiograph=radiograph).exists():
        GateOverride.objects.create(radiograph=radiograph, overridden_by=by, reason=reason)
        note_radiograph(Deed.ENTERED, radiograph, by, subject="gate")
    return bool(retry(prediction=prediction, by=by))


def was_stopped(prediction: Prediction) -> bool:
    return prediction.status == JobStatus.FAILED and prediction.error_code == reasons.NOT_FRONTAL
