"""Working on one prediction: claim, answer, store. Nothing here trusts the message that rang."""

import logging

from django.db import IntegrityError, transaction

from core.errors import JobError, PermanentError
from core.jobs import heartbeat
from inference import reasons, worker
from inference.models import Prediction
from inference.worker import Answer

logger = logging.getLogger(__name__)


def work_next() -> bool:
    """Work on the prediction that has waited longest; False when none is claimable.

    Its end is done, failed, or queued again for another try (`core.jobs`).
    """
    key = Prediction.objects.oldest_claimable()
    if key is None:
        return False
    owner = Prediction.objects.claim(key)
    if owner:
        _work(owner)
    return True


def store(*, owner: str, prediction: Prediction, answer: Answer) -> bool:
    """Write the answer with its model pinned; False when the row is no longer the worker's own."""
    outcome = answer.outcome
    try:
        with transaction.atomic():
            return Prediction.objects.finish(
                owner,
                model=answer.model,
                predicted_class=prediction.target.classes.get(code=outcome.label),
                probability=outcome.positive_probability,
                probabilities=outcome.probabilities,
                features_were_cached=answer.features_were_cached,
                milliseconds=answer.milliseconds,
            )
    except IntegrityError:
        # `one_prediction_per_model`: this model has answered for this radiograph already.
        Prediction.objects.owned(owner).cancel()
        return False


def _work(owner: str) -> None:
    prediction = Prediction.objects.select_related("radiograph", "target").filter(owner=owner)
    claimed = prediction.first()
    if claimed is None:  # deleted with its radiograph a moment after the claim
        return
    with heartbeat(Prediction.objects.all(), owner):
        try:
            store(owner=owner, prediction=claimed, answer=worker.answer(claimed))
        except Exception as problem:
            _give_up(owner, problem)


def _give_up(owner: str, problem: Exception) -> None:
    """End the row, or give it back when another try may help."""
    code = _code_of(problem)
    # The type alone: an error's text may hold a path, and a traceback may hold pixels.
    logger.warning("prediction not made code=%s problem=%s", code, type(problem).__name__)
    if isinstance(problem, PermanentError):
        Prediction.objects.fail(owner, code)
    else:
        Prediction.objects.release(owner, code)


def _code_of(problem: Exception) -> str:
    match problem:
        case JobError():
            return problem.code
        case MemoryError():
            return reasons.OUT_OF_MEMORY
        case OSError():
            return reasons.STORAGE
        case _:
            return reasons.UNEXPECTED
