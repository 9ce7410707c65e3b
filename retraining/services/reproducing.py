"""Training a version again to see whether it comes out the same: a job of the training queue.

Nothing that serves and nothing in the registry is touched.
"""

import logging
import shutil
import time
from pathlib import Path
from threading import Event
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.audit import Deed, note
from accounts.models import User
from core.jobs import OPEN_STATUSES, LeaseLost, oldest_held
from core.tasks import ring
from inference.ml.errors import ArtifactRefused
from retraining import failures
from retraining import reproduction_words as words
from retraining.models import ModelVersion, Reproduction
from retraining.rights import refuse_stranger

logger = logging.getLogger(__name__)

# Other names than those of runs (services.run_folders).
FOLDER: Final = "reproduction-"


@transaction.atomic
def request_reproduction(*, version: ModelVersion, by: User | None) -> Reproduction:
    """Let a worker train `version` again; joins one that is open. `by` is None for the command.

    Raises PermissionDenied without the capability.
    """
    refuse_stranger(by)
    try:
        with transaction.atomic():
            made: Reproduction = Reproduction.objects.create(version=version, requested_by=by)
    except IntegrityError:
        opened: Reproduction = Reproduction.objects.get(version=version, status__in=OPEN_STATUSES)
        return opened
    note(
        actor=by, deed=Deed.ENTERED, subject="reproduction", subject_id=version.pk,
        after={"version": version.version},
    )  # fmt: skip
    transaction.on_commit(_ring)
    return made


def resume_reproductions() -> bool:
    """Ring for those whose bell or worker was lost, and bury those that killed three workers."""
    Reproduction.objects.bury_exhausted()
    _throw_away_folders()
    return Reproduction.objects.awaits_worker() and _ring()


def work_on_reproduction() -> bool:
    """Work on the oldest one to its end; True while there is another one. Loads torch."""
    rows = Reproduction.objects.select_related(
        "version__target", "version__snapshot", "version__run", "requested_by"
    )
    with oldest_held(rows) as held:
        if held is not None:
            _work(held.owner, held.row, held.lost)
    if held is not None:
        _throw_away_folders()
    return Reproduction.objects.awaits_worker()


def _work(owner: str, row: Reproduction, lost: Event) -> None:
    from retraining.pipeline.reproducing import reproduce, succeeded

    def tell(_done: int, _total: int) -> None:
        if lost.is_set():
            raise LeaseLost

    began = time.monotonic()
    try:
        result: dict[str, Any] = reproduce(
            row.version, key=f"{FOLDER}{row.pk.hex}", by=row.requested_by, tell=tell
        )
        Reproduction.objects.finish(
            owner, result=result, has_succeeded=succeeded(result),
            seconds=round(time.monotonic() - began, 2),
        )  # fmt: skip
    except LeaseLost:
        return
    except Exception as problem:
        # The type alone: an error's text may hold a path or a value.
        logger.warning("reproduction stopped problem=%s", type(problem).__name__)
        _give_back(owner, problem)


def _give_back(owner: str, problem: Exception) -> None:
    """Failed for good, or given back where another try may help."""
    rows = Reproduction.objects.all()
    if isinstance(problem, ArtifactRefused):
        rows.fail(owner, words.ARTIFACT_REFUSED)
        return
    failure = failures.of(problem)
    if failure.is_final:
        rows.fail(owner, failure.code)
    else:
        rows.release(owner, failure.code)


def _throw_away_folders() -> None:
    """Films and checkpoints of those that have ended."""
    opened = Reproduction.objects.filter(status__in=OPEN_STATUSES).values_list("pk", flat=True)
    kept = {f"{FOLDER}{key.hex}" for key in opened}
    for path in Path(settings.RUNS_DIR).glob(f"{FOLDER}*"):
        if path.name not in kept:
            shutil.rmtree(path, ignore_errors=True)


def _ring() -> bool:
    from retraining.tasks import reproduce_waiting

    return ring(reproduce_waiting)
