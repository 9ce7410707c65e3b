"""Writing the answers of a micro-batch: all of them in one transaction, in few statements."""

import logging
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from core.errors import PermanentError
from core.jobs import JobStatus
from core.models import rewrite
from images.models import TargetClass
from inference import extraction, gate, reasons
from inference.cases import Case
from inference.models import Prediction
from inference.services.standings import note_standings

if TYPE_CHECKING:
    from inference.ml.engine import Outcome

logger = logging.getLogger(__name__)

_STATE: Final = (
    "status", "owner", "lease_until", "finished_at", "updated_at", "error_code",
)  # fmt: skip
_RESULTS: Final = (
    "model", "predicted_class", "probability", "probabilities", "answers", "is_unsure",
    "features_were_cached", "engine", "milliseconds",
    "gate_similarity", "gate_score", "gate_version",
)  # fmt: skip


def store(*, owner: str, cases: Sequence[Case]) -> None:
    """Write every answer with its model pinned, in one transaction; what the worker no longer
    holds is left as it is. `stages["store"]` then is each row's part of the commit."""
    began = time.perf_counter()
    with transaction.atomic():
        held = _locked(owner)
        _finish(owner, _answers([case for case in cases if case.prediction.pk in held]))
        for case in cases:
            if case.outcome is None:
                _give_up(owner, case, case.problem or PermanentError(reasons.UNEXPECTED))
        note_standings(case.radiograph.pk for case in cases)
    spent = (time.perf_counter() - began) * 1000 / max(1, len(cases))
    for case in cases:
        case.stages["store"] = case.stages.get("store", 0.0) + spent


def log(problem: Exception) -> None:
    """The type alone: an error's text may hold a path, and a traceback may hold pixels."""
    logger.warning(
        "prediction not made code=%s problem=%s", reasons.code_of(problem), type(problem).__name__
    )


def _locked(owner: str) -> set[UUID]:
    """The rows that are still the worker's: nobody takes, cancels or deletes one of these before
    the transaction ends."""
    rows = Prediction.objects.owned(owner).order_by("pk").select_for_update()
    return set(rows.values_list("pk", flat=True))


class _Answer(NamedTuple):
    case: Case
    outcome: "Outcome"
    predicted_class: UUID


def _answers(cases: Iterable[Case]) -> list[_Answer]:
    answered = [(case, case.outcome) for case in cases if case.outcome is not None]
    targets = {case.prediction.target_id for case, _ in answered}
    rows = TargetClass.objects.order_by().filter(target__in=targets)
    classes = {(of, code): key for of, code, key in rows.values_list("target", "code", "pk")}
    return [
        _Answer(case, outcome, classes[case.prediction.target_id, outcome.label])
        for case, outcome in answered
    ]


def _finish(owner: str, answers: Sequence[_Answer]) -> None:
    """`Prediction.objects.finish` for rows that are locked, all in one statement."""
    try:
        with transaction.atomic():
            rewrite((_finished(answer) for answer in answers), [*_STATE, *_RESULTS])
    except IntegrityError:
        for answer in answers:
            _finish_alone(owner, answer)
    else:
        for answer in answers:
            answer.case.is_stored = True


def _finished(answer: _Answer) -> Prediction:
    row = answer.case.prediction
    row.status, row.owner, row.lease_until, row.error_code = JobStatus.DONE, "", None, ""
    row.finished_at = row.updated_at = timezone.now()
    for name, value in _results(answer).items():
        setattr(row, name, value)
    return row


def _finish_alone(owner: str, answer: _Answer) -> None:
    row = Prediction.objects.filter(pk=answer.case.prediction.pk)
    try:
        with transaction.atomic():
            answer.case.is_stored = row.finish(owner, **_results(answer))
    except IntegrityError:
        # `one_prediction_per_model`: this model has answered for this radiograph already.
        row.owned(owner).cancel()


def _results(answer: _Answer) -> dict[str, Any]:
    case, outcome, predicted_class = answer
    return _gate_values(case) | {
        "model": case.model,
        "predicted_class_id": predicted_class,
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
    log(problem)
    row = Prediction.objects.filter(pk=case.prediction.pk)
    code = reasons.code_of(problem)
    if isinstance(problem, PermanentError):
        row.fail(owner, code, **_gate_values(case))
    else:
        row.release(owner, code)
