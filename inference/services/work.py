"""Working on predictions: claim a micro-batch, make its features, answer it, store each answer.

Nothing here trusts the message that rang.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from uuid import UUID

from django.db import Error as DatabaseError

from core.errors import JobError
from core.jobs import heartbeat
from images.models import Radiograph
from inference import batch, features, inputs, reasons, worker
from inference.cases import Case
from inference.extraction import Making
from inference.ml.batcher import Take, WaitFor, Waiting, next_batch
from inference.ml.extractor import BatchLimits
from inference.models import Prediction, StageTimings
from inference.services.standings import note_standings
from inference.services.storing import log, store
from inference.services.unseen import score_in_the_shadow

Clock = Callable[[], float]
Sleep = Callable[[float], None]


@dataclass(frozen=True)
class Claim:
    """A micro-batch that this worker took; `owner` is "" where others took all of it first.

    `was_tried`: a single row whose worker died or gave it back. `following` may well come next.
    """

    owner: str
    was_tried: bool
    following: Sequence[UUID]


@dataclass(frozen=True)
class Running:
    """A micro-batch that the engine has. Its leases are extended until it is concluded."""

    owner: str
    begun: batch.Begun
    heart: ExitStack


def work_next(*, clock: Clock = time.time, sleep: Sleep = time.sleep) -> bool:
    """Work on the next micro-batch; False when nothing is claimable.

    Each of its predictions ends done, failed, or queued again for another try (`core.jobs`).
    """
    claim = claim_next(clock=clock, sleep=sleep)
    if claim is None:
        return False
    if (begun := begin(claim)) is not None:
        conclude(begun)
    return True


def claim_next(*, clock: Clock = time.time, sleep: Sleep = time.sleep) -> Claim | None:
    """Take the next micro-batch, if need be after a pause for others to join it; None when nothing
    is claimable."""
    limits = worker.engine().limits
    line = waiting(limits)
    decision = next_batch(line, limits, clock())
    if isinstance(decision, WaitFor):
        sleep(decision.seconds)
        line = waiting(limits)
        decision = next_batch(line, _impatient(limits), clock())
    if not isinstance(decision, Take):
        return None
    was_tried = any(row.was_tried for row in line if row.key in decision.keys)
    return Claim(Prediction.objects.claim(*decision.keys), was_tried, decision.next_keys)


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


def begin(claim: Claim, fresh: Sequence[Making] = ()) -> Running | None:
    """Let the engine make the features of a claimed micro-batch, by the model that is live now.

    `fresh` as in `batch.begin`. None where there is nothing to conclude: others were quicker, or
    the batch as a whole failed and its rows were given back.
    """
    if not claim.owner:
        return None
    with ExitStack() as heart:
        heart.enter_context(heartbeat(Prediction.objects.all(), claim.owner))
        try:
            held, following = _read(claim)
            begun = batch.begin(held, following, fresh)
        except Exception as problem:
            _give_back(claim.owner, problem)
            return None
        return Running(claim.owner, begun, heart.pop_all())


def conclude(work: Running) -> None:
    """Wait for the features of a micro-batch, judge, classify and store it."""
    with work.heart:
        try:
            batch.answer(work.begun)
            store(owner=work.owner, cases=work.begun.cases)
        except Exception as problem:
            _give_back(work.owner, problem)
            return
    _aftermath(work.begun.cases)


def _read(claim: Claim) -> tuple[list[Prediction], list[Radiograph]]:
    """What was claimed, and the radiographs that may well come next."""
    rows = Prediction.objects.filter(owner=claim.owner).select_related("target")
    rows = rows.order_by("urgency", "created_at")
    films = _films_of([*(row.pk for row in rows), *claim.following])
    # What is deleted just now is nobody's any more.
    held = [row for row in rows if row.radiograph_id in films]
    for row in held:
        row.radiograph = films[row.radiograph_id]
    own = {row.radiograph_id for row in held}
    return held, [film for key, film in films.items() if key not in own]


def _films_of(keys: Iterable[UUID]) -> dict[UUID, Radiograph]:
    """The radiographs of predictions, with what answering asks of them: rows are wide."""
    rows = Radiograph.objects.order_by().filter(predictions__in=keys)
    return {row.pk: row for row in rows.only(*inputs.COLUMNS, "is_synthetic")}


def _give_back(owner: str, problem: Exception) -> None:
    """What is not of one radiograph: all that is still held is given back for another try."""
    log(problem)
    held = Prediction.objects.filter(owner=owner)
    keys = list(held.values_list("radiograph", flat=True))
    Prediction.objects.release(owner, reasons.code_of(problem))
    note_standings(keys)


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
        log(problem)


def _timings(case: Case, batch_size: int) -> StageTimings:
    return StageTimings(prediction=case.prediction, batch=batch_size, **case.stages)
