"""A training run from the press of the button to its end: a job (core.jobs) of the training queue.

    request --> queued --> running (stages) --> done: a version is in the registry
                  ^           |---> failed, with the reason in words
                  |           |---> cancelled
                  '--resume---'     (a whole network goes on after its last whole epoch)

Whatever becomes of a run, the model in service is not touched.
"""

import logging
from collections.abc import Mapping
from threading import Event
from typing import Any, Final

from django.db import IntegrityError, transaction

from accounts.audit import Deed, note
from accounts.models import User
from core.jobs import OPEN_STATUSES, JobStatus, LeaseLost, oldest_held
from core.tasks import ring
from images.models import Target
from inference.ml.extractor import EXTRACTORS
from retraining import failures
from retraining.ml.architectures import USUAL_EXTRACTOR, BadRecipe, architecture_of, spec_of
from retraining.models import RunLine, TrainingRun, Trigger
from retraining.rights import refuse_stranger

logger = logging.getLogger(__name__)


# What a run that goes on forgets of its end.
AS_NEW: Final[dict[str, Any]] = {
    "status": JobStatus.QUEUED, "attempts": 0, "error_code": "", "error_facts": {},
    "finished_at": None, "lease_until": None,
}  # fmt: skip


class RunOpen(Exception):
    """A run of this target is under way: `run`."""

    def __init__(self, run: TrainingRun) -> None:
        self.run = run
        super().__init__(str(run.pk))


@transaction.atomic
def request_run(
    *,
    target: Target,
    architecture: str,
    extractor: str = "",
    overrides: Mapping[str, Any] | None = None,
    by: User | None = None,
    trigger: Trigger = Trigger.PAGE,
) -> TrainingRun:
    """Let a worker train `architecture` for `target`; `by` is None for the platform itself.

    `extractor` is where a head reads ("": the usual one). `overrides`: see
    `retraining.ml.architectures.spec_of`. Raises PermissionDenied, BadRecipe, RunOpen.
    """
    refuse_stranger(by)
    chosen = architecture_of(architecture)
    extractor = _extractor_of(chosen.backbone, extractor)
    spec_of(architecture, overrides or {}, classes=target.classes.count(), positive=0)
    run = TrainingRun(
        target=target, architecture=architecture, extractor=extractor, lane=chosen.lane,
        spec=dict(overrides or {}), trigger=trigger, requested_by=by,
    )  # fmt: skip
    _open(run, lambda: run.save(force_insert=True))
    _note(run, by, Deed.ENTERED, {"architecture": architecture, "target": target.code})
    transaction.on_commit(_ring)
    return run


@transaction.atomic
def cancel_run(*, run: TrainingRun, by: User) -> bool:
    """End an open run without a version. False when it had ended. Raises PermissionDenied."""
    refuse_stranger(by)
    if not TrainingRun.objects.filter(pk=run.pk).cancel():
        return False
    RunLine.objects.create(run=run, code="cancelled")
    _note(run, by, Deed.CHANGED, {"status": JobStatus.CANCELLED.value})
    return True


@transaction.atomic
def resume_run(*, run: TrainingRun, by: User) -> bool:
    """Let a stopped run of a whole network go on. False when there is nothing to go on with.

    Raises PermissionDenied, RunOpen.
    """
    refuse_stranger(by)
    run.refresh_from_db()
    if not run.is_resumable:
        return False
    stopped = TrainingRun.objects.filter(pk=run.pk, status=run.status)
    done: list[int] = []
    _open(run, lambda: done.append(stopped.update(**AS_NEW)))
    if not done[0]:
        return False
    RunLine.objects.create(run=run, code="resumed")
    _note(run, by, Deed.CHANGED, {"status": JobStatus.QUEUED.value})
    transaction.on_commit(_ring)
    return True


def resume_runs() -> bool:
    """Ring for runs whose bell or worker was lost, and bury those that killed three workers."""
    TrainingRun.objects.bury_exhausted()
    return TrainingRun.objects.awaits_worker() and _ring()


def work_on_run() -> bool:
    """Work on the oldest run to its end; True while there is another one. Loads torch."""
    with oldest_held(TrainingRun.objects.select_related("target", "requested_by")) as held:
        if held is not None:
            _work(held.row, held.owner, held.lost)
    return TrainingRun.objects.awaits_worker()


def _work(run: TrainingRun, owner: str, lost: Event) -> None:
    from retraining.pipeline.attempt import Attempt
    from retraining.pipeline.run import carry_out

    attempt = Attempt(run, owner, lost)
    try:
        carry_out(attempt)
    except LeaseLost:
        return
    except Exception as problem:
        # The type alone: an error's text may hold a path or a value.
        logger.warning("training run stopped problem=%s", type(problem).__name__)
        _stop(run, owner, problem)


def _stop(run: TrainingRun, owner: str, problem: Exception) -> None:
    """Failed for good, or given back where another try may help."""
    failure = failures.of(problem)
    rows = TrainingRun.objects.all()
    if failure.is_final:
        ended = rows.fail(owner, failure.code, error_facts=failure.facts)
    else:
        ended = rows.release(owner, failure.code)
    if ended:
        RunLine.objects.create(run=run, code="stopped", facts={"reason": failure.code})


def _open(run: TrainingRun, write: Any) -> None:
    """One open run for each target: the database has the last word. Raises RunOpen."""
    try:
        with transaction.atomic():
            write()
    except IntegrityError:
        opened = TrainingRun.objects.filter(target=run.target, status__in=OPEN_STATUSES).first()
        if opened is None:
            raise
        raise RunOpen(opened) from None


def _extractor_of(backbone: str, wanted: str) -> str:
    """Raises BadRecipe: a whole network brings its own; a head needs one that is shared."""
    if backbone:
        if wanted not in ("", backbone):
            raise BadRecipe(f"{backbone!r} brings its own extractor")
        return backbone
    chosen = wanted or USUAL_EXTRACTOR
    spec = EXTRACTORS.get(chosen)
    if spec is None or getattr(spec, "travels", False):
        shared = [code for code, each in EXTRACTORS.items() if not getattr(each, "travels", False)]
        raise BadRecipe(f"extractor {chosen!r} is none of {', '.join(shared)}")
    return chosen


def _note(run: TrainingRun, by: User | None, deed: Deed, after: dict[str, Any]) -> None:
    note(actor=by, deed=deed, subject="run", subject_id=run.pk, after=after)


def _ring() -> bool:
    from retraining.tasks import train_waiting

    return ring(train_waiting)
