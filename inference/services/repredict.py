"""Answering again for the radiographs that are kept: where features are cached, by the head alone.

Progress is what exists, not a cursor that a crash would leave behind: a radiograph is to do while
the model has not answered for it and nobody has been asked to. Any moment is a good one to be
killed at; what was begun is done once, by whoever claims the request next.
"""

import logging
import time
from typing import Final
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone

from accounts.models import User
from core.errors import PermanentError
from core.jobs import OPEN_STATUSES, REST, JobStatus, heartbeat
from core.models import BEFORE_ALL
from core.tasks import ring
from images.models import Radiograph
from inference import reasons
from inference.models import DeployedModel, Prediction, RePrediction, Urgency
from inference.repredicting import predictions_of, to_do, unanswered
from inference.services.standings import note_standings

logger = logging.getLogger(__name__)

# Vectors of one multiplication: 26 MB of features, which double precision makes 100 MB.
CHUNK: Final = 500
# As long as a slice of predictions (inference.tasks.predict).
SLICE_SECONDS: Final = 5.0


class NotInService(Exception):
    """Only the live model answers again: another one's answers would pass for the newest."""


@transaction.atomic
def request_reprediction(*, model: DeployedModel, by: User | None) -> RePrediction:
    """Let `model`, which must be live, answer for all kept radiographs; joins an open request.

    Raises NotInService.
    """
    if not _is_live(model):
        raise NotInService(f"{model} is not in service")
    job, _created = RePrediction.objects.get_or_create(
        model=model, status__in=OPEN_STATUSES, defaults={"requested_by": by}
    )
    transaction.on_commit(_ring)
    return job


def cancel_reprediction(*, model: DeployedModel) -> bool:
    """End the open request of `model`; what was answered and queued stays. False without one."""
    return bool(RePrediction.objects.filter(model=model).cancel())


def resume_repredictions() -> bool:
    """Ring for requests whose bell or worker was lost, and bury those that killed three workers."""
    RePrediction.objects.bury_exhausted()
    return _is_claimable() and _ring()


def work_on_reprediction(*, seconds: float = SLICE_SECONDS) -> bool:
    """Work on the oldest request: one chunk at least, and no longer than `seconds` after that.

    Gives way as soon as somebody waits for a prediction. True while there is more to do at once.
    """
    waiting = RePrediction.objects.claimable(timezone.now()).select_related("model__target")
    job = waiting.order_by("created_at", "pk").first()
    if job is not None and (owner := RePrediction.objects.claim(job.pk)):
        _work(owner, job, time.monotonic() + seconds)
    return _is_claimable()


def _work(owner: str, job: RePrediction, ends: float) -> None:
    with heartbeat(RePrediction.objects.all(), owner):
        try:
            _work_slice(owner, job, ends)
        except Exception as problem:
            _give_up(owner, problem)


def _work_slice(owner: str, job: RePrediction, ends: float) -> None:
    after = BEFORE_ALL
    while radiographs := list(unanswered(job.model, after)[:CHUNK]):
        after = radiographs[-1].pk
        wanted = to_do(job, radiographs)
        if not wanted:
            continue
        if not _is_live(job.model):
            RePrediction.objects.owned(owner).cancel()
            return
        if not _store(owner, predictions_of(job, wanted)):
            return
        if time.monotonic() >= ends or _somebody_waits():
            RePrediction.objects.put_back(owner)
            return
    _end(owner, job.model)


def _store(owner: str, predictions: list[Prediction]) -> bool:
    """Write a chunk whole or not at all; False when the request was cancelled or taken over."""
    with transaction.atomic():
        kept = _locked(predictions)
        rows = [row for row in predictions if row.radiograph_id in kept]
        answered = sum(row.status == JobStatus.DONE for row in rows)
        # What was done shows that the request kills no worker: earlier attempts count no more.
        counted = RePrediction.objects.owned(owner).update(
            answered=models.F("answered") + answered,
            queued=models.F("queued") + len(rows) - answered,
            attempts=1,
            updated_at=timezone.now(),
        )
        if not counted:
            return False
        # The constraints settle races with workers and with people who ask for themselves.
        Prediction.objects.bulk_create(rows, ignore_conflicts=True)
        note_standings(kept)
    if answered < len(rows):
        _ring_for_predictions()
    return True


def _locked(predictions: list[Prediction]) -> set[UUID]:
    """Radiographs still kept, which nobody deletes before the transaction ends."""
    kept = Radiograph.objects.kept().filter(pk__in=[row.radiograph_id for row in predictions])
    return set(kept.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))


def _end(owner: str, model: DeployedModel) -> None:
    """Done, unless a worker is still busy on behalf of the model that served before."""
    now = timezone.now()
    held = Prediction.objects.filter(target=model.target, status=JobStatus.RUNNING)
    if held.filter(started_at__lt=model.created_at, lease_until__gte=now).exists():
        RePrediction.objects.put_back(owner, now + REST)
    else:
        RePrediction.objects.finish(owner)


def _give_up(owner: str, problem: Exception) -> None:
    code = reasons.code_of(problem)
    # The type alone: an error's text may hold a path.
    logger.warning("re-prediction stopped code=%s problem=%s", code, type(problem).__name__)
    if isinstance(problem, PermanentError):
        RePrediction.objects.fail(owner, code)
    else:
        RePrediction.objects.release(owner, code)


def _is_live(model: DeployedModel) -> bool:
    return DeployedModel.objects.live_models().filter(pk=model.pk).exists()


def _is_claimable() -> bool:
    return RePrediction.objects.claimable(timezone.now()).exists()


def _somebody_waits() -> bool:
    claimable = Prediction.objects.claimable(timezone.now())
    return claimable.filter(urgency=Urgency.INTERACTIVE).exists()


def _ring() -> bool:
    from inference.tasks import repredict_waiting

    return ring(repredict_waiting)


def _ring_for_predictions() -> bool:
    from inference.tasks import predict_waiting

    return ring(predict_waiting)
