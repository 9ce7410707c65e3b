"""What is left of a re-prediction, and a chunk of its answers by the head alone. Writes nothing."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

import numpy as np
from django.db import models
from django.utils import timezone

from core.jobs import JobStatus
from images.models import Radiograph
from images.models.radiograph import RadiographQuerySet
from inference import batch, gate, reasons
from inference.features import FeatureKey, Vector, read_many
from inference.models import DeployedModel, Prediction, RePrediction, Urgency

if TYPE_CHECKING:
    from inference.ml.engine import Outcome

LOOKED_AT: Final = ("radiograph", "target", "status", "error_code", "created_at")


def unanswered(model: DeployedModel, after: UUID) -> RadiographQuerySet:
    """Radiographs with larger keys than `after` that `model` has not answered for, by their keys.

    No other condition stands here, so that every planner walks the keys in their order.
    """
    own = Prediction.objects.filter(model=model, status=JobStatus.DONE)
    answered = models.Exists(own.filter(radiograph=models.OuterRef("pk")))
    rows = Radiograph.objects.filter(~answered, pk__gt=after).order_by("pk")
    return rows.only("pk", "pixel_sha256", "status")


def to_do(job: RePrediction, radiographs: Sequence[Radiograph]) -> list[Radiograph]:
    """Those of unanswered radiographs that are kept and about which nobody has been asked.

    What failed since the request was made is not asked again, or the pass would never end; what
    the gate stopped stays stopped unless a person said otherwise.
    """
    earlier = _earlier(job, [row.pk for row in radiographs if not row.is_trashed])
    free = [key for key, asked in earlier.items() if not any(_settles(job, row) for row in asked)]
    stopped = {key for key in free if earlier[key] and _is_stopped(earlier[key][-1])}
    wanted = set(free) - (stopped - gate.overridden(stopped))
    return [radiograph for radiograph in radiographs if radiograph.pk in wanted]


def _earlier(job: RePrediction, radiographs: Sequence[UUID]) -> dict[UUID, list[Prediction]]:
    """Predictions of the target for each radiograph, oldest first; cancelled ones do not count."""
    found: dict[UUID, list[Prediction]] = {key: [] for key in radiographs}
    rows = Prediction.objects.filter(radiograph__in=radiographs).exclude(status=JobStatus.CANCELLED)
    for prediction in rows.order_by("created_at", "pk").only(*LOOKED_AT):
        if prediction.target_id == job.model.target_id:
            found[prediction.radiograph_id].append(prediction)
    return found


def _settles(job: RePrediction, prediction: Prediction) -> bool:
    has_failed = prediction.status == JobStatus.FAILED
    return prediction.is_open or (has_failed and prediction.created_at >= job.created_at)


def _is_stopped(prediction: Prediction) -> bool:
    return prediction.status == JobStatus.FAILED and prediction.error_code == reasons.NOT_FRONTAL


def predictions_of(job: RePrediction, radiographs: Sequence[Radiograph]) -> list[Prediction]:
    """One row for each, not saved: done where features are cached, queued for a worker elsewhere.

    Raises PermanentError when the model's artifact is refused, OSError when the cache cannot be
    read.
    """
    began = timezone.now()
    outcomes = _outcomes(job.model, radiographs)
    classes = {row.code: row for row in job.model.target.classes.all()}
    finished = timezone.now()
    milliseconds = (finished - began) / timedelta(milliseconds=1) / max(1, len(outcomes))
    rows = []
    for radiograph in radiographs:
        row = _asked(job, radiograph)
        if (outcome := outcomes.get(radiograph.pk)) is not None:
            row.status, row.attempts = JobStatus.DONE, 1
            row.started_at, row.finished_at = began, finished
            row.model, row.predicted_class = job.model, classes[outcome.label]
            row.probability, row.probabilities = outcome.positive_probability, outcome.probabilities
            row.answers, row.is_unsure = list(outcome.answers), outcome.is_unsure
            row.features_were_cached, row.milliseconds = True, round(milliseconds)
        rows.append(row)
    return rows


def _asked(job: RePrediction, radiograph: Radiograph) -> Prediction:
    return Prediction(
        radiograph=radiograph,
        target=job.model.target,
        requested_by_id=job.requested_by_id,
        urgency=Urgency.BACKGROUND,
    )


def _outcomes(model: DeployedModel, radiographs: Sequence[Radiograph]) -> "dict[UUID, Outcome]":
    """By the radiograph's key, for those with cached features: one multiplication for all."""
    keys = {
        radiograph.pk: FeatureKey(radiograph.pixel_sha256, model.extractor, model.preprocessing)
        for radiograph in radiographs
    }
    kept = read_many(list(keys.values()))
    # A vector that no head accepts must not fail its neighbours: the worker says what is wrong.
    found = {pk: kept[key] for pk, key in keys.items() if key in kept and _is_usable(kept[key])}
    if not found:
        return {}
    outcomes = batch.classifier_of(model).outcomes(np.stack(list(found.values())))
    return dict(zip(found, outcomes, strict=True))


def _is_usable(vector: Vector) -> bool:
    return bool(np.isfinite(vector).all())
