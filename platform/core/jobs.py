"""The job contract: the database row is the truth, the message only a doorbell.

No broker gives exactly-once recovery by itself, so a worker *claims* a row by a conditional UPDATE
that sets an owner token, a lease and one attempt more; a heartbeat extends the lease; results are
written under the same owner check; a reaper rings again for what was left behind.

    queued --claim--> running --finish--> done
      ^                 |  |---fail-----> failed
      |-----release-----|  |---(lease over, attempts spent)--> failed
    queued|running --cancel--> cancelled
"""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Self

from django.db import connection, models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.models import Record

MAX_ATTEMPTS = 3
LEASE = timedelta(seconds=20)
HEARTBEAT_SECONDS = LEASE.total_seconds() / 4
WORKER_DIED = "worker-died"


class JobStatus(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("In progress")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


OPEN_STATUSES = (JobStatus.QUEUED, JobStatus.RUNNING)


class JobQuerySet(models.QuerySet[Any]):
    """Verbs of the state diagram above. Each is one conditional UPDATE: idempotent without luck."""

    def claimable(self, now: datetime) -> Self:
        lease_over = models.Q(status=JobStatus.RUNNING, lease_until__lt=now)
        waiting = models.Q(status=JobStatus.QUEUED)
        return self.filter(waiting | lease_over, attempts__lt=MAX_ATTEMPTS)

    def claim(self, pk: uuid.UUID) -> str:
        """Take the row; returns the owner token, or "" when another worker has it."""
        now, owner = timezone.now(), uuid.uuid4().hex
        taken = (
            self.filter(pk=pk)
            .claimable(now)
            .update(
                status=JobStatus.RUNNING,
                owner=owner,
                lease_until=now + LEASE,
                started_at=now,
                attempts=models.F("attempts") + 1,
            )
        )
        return owner if taken else ""

    def owned(self, owner: str) -> Self:
        return self.filter(owner=owner, status=JobStatus.RUNNING)

    def extend(self, owner: str) -> bool:
        return bool(self.owned(owner).update(lease_until=timezone.now() + LEASE))

    def finish(self, owner: str, **results: Any) -> bool:
        """Write the results; False, and nothing written, when the lease was lost meanwhile."""
        return self._close(owner, JobStatus.DONE, error_code="", **results)

    def fail(self, owner: str, error_code: str) -> bool:
        return self._close(owner, JobStatus.FAILED, error_code=error_code)

    def release(self, owner: str, error_code: str) -> bool:
        """Give the row back for another try; the last try ends it as failed."""
        rows = self.owned(owner)
        if rows.filter(attempts__gte=MAX_ATTEMPTS).exists():
            return self.fail(owner, error_code)
        return bool(rows.update(status=JobStatus.QUEUED, owner="", error_code=error_code))

    def cancel(self) -> int:
        return self.filter(status__in=OPEN_STATUSES).update(
            status=JobStatus.CANCELLED, owner="", finished_at=timezone.now()
        )

    def bury_exhausted(self) -> int:
        """Rows whose last allowed worker died become failed, with a reason a person can read."""
        now = timezone.now()
        spent = models.Q(status=JobStatus.RUNNING, lease_until__lt=now) | models.Q(
            status=JobStatus.QUEUED
        )
        return self.filter(spent, attempts__gte=MAX_ATTEMPTS).update(
            status=JobStatus.FAILED, owner="", error_code=WORKER_DIED, finished_at=now
        )

    def _close(self, owner: str, status: JobStatus, **values: Any) -> bool:
        closed = self.owned(owner).update(
            status=status, owner="", lease_until=None, finished_at=timezone.now(), **values
        )
        return bool(closed)


class Job(Record):
    """Base of each row that a worker works on (see the state diagram of this module)."""

    status = models.CharField(
        max_length=10, choices=JobStatus.choices, default=JobStatus.QUEUED, db_index=True
    )
    owner = models.CharField(max_length=32, blank=True, default="", editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    error_code = models.CharField(max_length=40, blank=True, default="")
    started_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        abstract = True

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES


@contextmanager
def heartbeat(rows: JobQuerySet, owner: str) -> Iterator[threading.Event]:
    """Extend the lease while the block runs; the yielded event is set once the lease was lost."""
    stop, lost = threading.Event(), threading.Event()
    thread = threading.Thread(target=_beat, args=(rows, owner, stop, lost), daemon=True)
    thread.start()
    try:
        yield lost
    finally:
        stop.set()
        thread.join()


def _beat(rows: JobQuerySet, owner: str, stop: threading.Event, lost: threading.Event) -> None:
    try:
        while not stop.wait(HEARTBEAT_SECONDS):
            if not rows.extend(owner):
                lost.set()
                return
    finally:
        connection.close()
