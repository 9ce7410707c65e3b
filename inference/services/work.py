"""Working on predictions: claim a micro-batch, answer it, store each answer.

Nothing here trusts the message that rang.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import Error as DatabaseError
from django.db import IntegrityError, transaction

from core.errors import JobError, PermanentError
from core.jobs import heartbeat
from images.models import Radiograph
from inference import batch, extraction, features, gate, reasons, worker
from inference.cases import Case
from inference.ml.batcher import Take, WaitFor, Waiting, next_batch
from inference.ml.extractor import BatchLimits
from inference.models import Prediction, StageTimings
from inference.services.standings import note_standings
from inference.services.unseen import score_in_the_shadow

if TYPE_CHECKING:
    from inference.ml.engine import Outcome

logger = logging.getLogger(__name__)

Clock = Callable[[], float]
Sleep = Callable[[float], None]


def work_next(*, clock: Clock = time.time, sleep: Sleep = time.sleep) -> bool:
    """Work on the next micro-batch; False when nothing is claimable.

    Each of its predictions ends done, failed, or queued again for another try (`core.jobs`).
    """
    limits = worker.engine().limits
    decision = next_batch(waiting(limits), limits, clock())
    if isinstance(decision, WaitFor):
        sleep(decision.seconds)
        decision = next_batch(waiting(limits), _impatient(limits), clock())
    if not isinstance(decision, Take):
        return False
    owner = Prediction.objects.claim(*decision.keys)
    if owner:
        _work(owner, decision.next_keys)
    return True


def waiting(limits: BatchLimits) -> list[Waiting]:
    """The heads of all queues, as the policy wants them: two micro-batches of each at most."""
    rows = Prediction.objects.first_in_line(2 * limits.rows).values_list(
        "pk", "requested_by", "urgency", "created_at", "attempts"
    )
    return [
        Waiting(pk, person, urgency, since.timestamp(), was_tried=attempts > 0)
        for pk, person, urgency, since, attempts in rows
    ]


def _impatient(limits: BatchLimits) -> BatchLimits:
    return BatchLimits(limits.rows, patience=0.0)


def _work(owner: str, following: Sequence[Any]) -> None:
    held = Prediction.objects.filter(owner=owner).select_related("radiograph", "target")
    held = held.prefetch_related("target__classes").order_by("urgency", "created_at")
    with heartbeat(Prediction.objects.all(), owner):
        try:
            cases = batch.answer(list(held), _next(following))
            store(owner=owner, cases=cases)
        except Exception as problem:
            # Not of one radiograph: all that is still held is given back for another try.
            _log(problem)
            keys = list(held.values_list("radiograph", flat=True))
            Prediction.objects.release(owner, reasons.code_of(problem))
            note_standings(keys)
            return
    _aftermath(cases)


def _next(keys: Sequence[UUID]) -> list[Radiograph]:
    return list(Radiograph.objects.filter(predictions__in=keys).distinct())


def store(*, owner: str, cases: Sequence[Case]) -> None:
    """Write every answer with its model pinned, in one transaction; what the worker no longer
    holds is left as it is. `stages["store"]` then is each row's part of the commit."""
    began = time.perf_counter()
    with transaction.atomic():
        for case in cases:
            _store(owner, case)
        note_standings(case.radiograph.pk for case in cases)
    spent = (time.perf_counter() - began) * 1000 / max(1, len(cases))
    for case in cases:
        case.stages["store"] = case.stages.get("store", 0.0) + spent


def _store(owner: str, case: Case) -> None:
    row = Prediction.objects.filter(pk=case.prediction.pk)
    if case.outcome is None:
        _give_up(owner, case, case.problem or PermanentError(reasons.UNEXPECTED))
        return
    try:
        with transaction.atomic():
            case.is_stored = row.finish(owner, **_results(case, case.outcome))
    except IntegrityError:
        # `one_prediction_per_model`: this model has answered for this radiograph already.
        row.owned(owner).cancel()


def _results(case: Case, outcome: "Outcome") -> dict[str, Any]:
    classes = {row.code: row for row in case.prediction.target.classes.all()}
    return _gate_values(case) | {
        "model": case.model,
        "predicted_class": classes[outcome.label],
        "probability": outcome.positive_probability,
        "probabilities": outcome.probabilities,
        "answers": list(outcome.answers),
        "is_unsure": outcome.is_unsure,
        "features_were_cached": case.was_cached,
        "engine": extraction.engine_facts(case),
        "milliseconds": round(sum(case.stages.values())),
    }


def _gate_values(case: Case) -> dict[str, Any]:
    if case.verdict is None:
        return {}
    return {
        "gate_similarity": case.verdict.similarity,
        "gate_score": case.verdict.score,
        "gate_version": gate.shipped_gate().version,
    }


def _give_up(owner: str, case: Case, problem: Exception) -> None:
    """End the row, or give it back when another try may help."""
    _log(problem)
    row = Prediction.objects.filter(pk=case.prediction.pk)
    code = reasons.code_of(problem)
    if isinstance(problem, PermanentError):
        row.fail(owner, code, **_gate_values(case))
    else:
        row.release(owner, code)


def _aftermath(cases: Sequence[Case]) -> None:
    """What no patient waits for: timings, and the opinions of candidates. It may fail."""
    done = [case for case in cases if case.is_stored]
    try:
        for case in cases:
            if case.vectors and not case.is_stored:
                # Deleted meanwhile, perhaps: then its features must not outlive it.
                features.forget(case.radiograph.pixel_sha256)
        StageTimings.objects.bulk_create(
            (_timings(case, len(cases)) for case in done), ignore_conflicts=True
        )
        score_in_the_shadow(done)
    except (DatabaseError, OSError, ValueError, JobError) as problem:
        _log(problem)


def _timings(case: Case, batch_size: int) -> StageTimings:
    return StageTimings(prediction=case.prediction, batch=batch_size, **case.stages)


def _log(problem: Exception) -> None:
    # The type alone: an error's text may hold a path, and a traceback may hold pixels.
    logger.warning(
        "prediction not made code=%s problem=%s", reasons.code_of(problem), type(problem).__name__
    )
