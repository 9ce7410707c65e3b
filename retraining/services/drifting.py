"""Looking for drift: a job (core.jobs) of the training queue, once a week or when somebody asks."""

import logging
import time
from datetime import timedelta
from threading import Event
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.audit import Deed, note
from accounts.models import User
from core.errors import PermanentError
from core.jobs import OPEN_STATUSES, LeaseLost, oldest_held
from core.tasks import ring
from images.models import Target
from inference.models import DeployedModel
from retraining import reasons
from retraining.models import DriftCheck, DriftReport
from retraining.rights import refuse_stranger

logger = logging.getLogger(__name__)

EVERY: Final = timedelta(days=7)
# A week of a small hospital says nothing.
WINDOW: Final = timedelta(days=28)


@transaction.atomic
def request_drift_check(*, target: Target, by: User | None) -> DriftCheck:
    """Let a worker look at all institutions; joins a check that is open.

    `by` is None for the platform itself. Raises PermissionDenied.
    """
    refuse_stranger(by)
    check, is_new = DriftCheck.objects.get_or_create(
        target=target, status__in=OPEN_STATUSES, defaults={"requested_by": by}
    )
    if is_new and by is not None:
        note(
            actor=by, deed=Deed.ENTERED, subject="drift-check", subject_id=check.pk,
            after={"target": target.code},
        )  # fmt: skip
    transaction.on_commit(_ring)
    return check


def request_due_drift_checks() -> int:
    """Ask for each question that a model serves and nobody looked at for a week; how many."""
    recent = DriftCheck.objects.filter(created_at__gte=timezone.now() - EVERY).values("target")
    live = DeployedModel.objects.live_models().exclude(target__in=recent)
    for model in live:
        request_drift_check(target=model.target, by=None)
    return len(live)


def resume_drift_checks() -> bool:
    """Ring for checks whose bell or worker was lost, and bury those that killed three workers."""
    DriftCheck.objects.bury_exhausted()
    return DriftCheck.objects.awaits_worker() and _ring()


def work_on_drift_check() -> bool:
    """Work on the oldest check to its end; True while there is another one. Loads torch."""
    with oldest_held(DriftCheck.objects.select_related("target")) as held:
        if held is not None:
            _work(held.owner, held.row, held.lost)
    return DriftCheck.objects.awaits_worker()


def _work(owner: str, check: DriftCheck, lost: Event) -> None:
    from inference.ml.errors import ArtifactRefused, WeightsRefused, WeightsUnavailable

    rows = DriftCheck.objects.all()
    try:
        _look(owner, check, lost)
    except LeaseLost:
        return
    except ArtifactRefused:
        rows.fail(owner, reasons.ARTIFACT_REFUSED)
    except (WeightsRefused, WeightsUnavailable):
        rows.fail(owner, reasons.NO_WEIGHTS)
    except PermanentError as problem:
        rows.fail(owner, problem.code)
    except Exception as problem:
        # The type alone: an error's text may hold a path or a value.
        logger.warning("drift check stopped problem=%s", type(problem).__name__)
        rows.release(owner, reasons.code_of(problem))


def _look(owner: str, check: DriftCheck, lost: Event) -> None:
    from retraining.drift.data import Kind, newest_of, reference_of, sites_with_new
    from retraining.drift.figures import figures_of

    began = time.monotonic()
    live = DeployedModel.objects.live(check.target)
    if live is None:
        raise PermanentError(reasons.NO_MODEL)
    since = timezone.localdate() - WINDOW
    kind = Kind.of(live)
    sites = sites_with_new(kind, since)
    reports = []
    reference = reference_of(kind, since) if sites else None
    for site in sites:
        if lost.is_set() or reference is None:
            raise LeaseLost
        found = figures_of(newest_of(kind, site, since), reference)
        reports.append(
            DriftReport(
                check_job=check, target=check.target, model=live, site=site, since=since, **found
            )
        )
    _keep(owner, check, reports, round(time.monotonic() - began, 2))


def _keep(owner: str, check: DriftCheck, reports: list[DriftReport], seconds: float) -> None:
    with transaction.atomic():
        if not DriftCheck.objects.finish(owner, seconds=seconds):
            raise LeaseLost
        DriftReport.objects.filter(check_job=check).delete()
        DriftReport.objects.bulk_create(reports)


def _ring() -> bool:
    from retraining.tasks import check_drift_waiting

    return ring(check_drift_waiting)
