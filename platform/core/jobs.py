"""The job contract: the database row is the truth, the message only a doorbell.

No broker gives exactly-once recovery by itself, so a worker *claims* rows by a conditional UPDATE
that sets an owner token, a lease and one attempt more; a heartbeat extends the lease; results are
written under the same owner check; a reaper rings again for what was left behind.

    queued --claim--> running --finish--> done
      ^                 |  |---fail-----> failed
      |-----release-----|  |---(lease over, attempts spent)--> failed
    queued|running --cancel--> cancelled

`lease_until` has one meaning in both open states: nobody may claim the row before that moment.
"""

import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from django.db import Error as DatabaseError
from django.db import connection, models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.models import Record

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
LEASE = timedelta(seconds=20)
HEARTBEAT_SECONDS = LEASE.total_seconds() / 4
# What fails for a moment (memory, disk) deserves a moment before the next try.
REST = timedelta(seconds=5)
WORKER_DIED = "worker-died"


class LeaseLost(Exception):
    """The row was cancelled, or another worker has it: nothing of this attempt is kept."""


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
        free = models.Q(lease_until=None) | models.Q(lease_until__lt=now)
        return self.filter(free, status__in=OPEN_STATUSES, attempts__lt=MAX_ATTEMPTS)

    def awaits_worker(self) -> bool:
        """Whether any row could be claimed now."""
        return self.claimable(timezone.now()).exists()

    def claim(self, *keys: uuid.UUID) -> str:
        """Take what is free of these rows; returns their owner token, "" when nothing was."""
        now, owner = timezone.now(), uuid.uuid4().hex
        taken = (
            self.filter(pk__in=keys)
            .claimable(now)
            .update(
                status=JobStatus.RUNNING,
                owner=owner,
                lease_until=now + LEASE,
                started_at=now,
                updated_at=now,
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

    def fail(self, owner: str, error_code: str, **facts: Any) -> bool:
        """End without a result; `facts` are what was found out all the same."""
        return self._close(owner, JobStatus.FAILED, error_code=error_code, **facts)

    def release(self, owner: str, error_code: str) -> bool:
        """Give the rows back for another try after a rest; the last try ends a row as failed."""
        rows, now = self.owned(owner), timezone.now()
        exhausted = self.filter(attempts__gte=MAX_ATTEMPTS).fail(owner, error_code)
        given_back = rows.filter(attempts__lt=MAX_ATTEMPTS).update(
            status=JobStatus.QUEUED,
            owner="",
            lease_until=now + REST,
            error_code=error_code,
            updated_at=now,
        )
        return exhausted or bool(given_back)

    def put_back(self, owner: str, until: datetime | None = None) -> bool:
        """Give rows back, for anybody to go on with from `until`; no attempt was spent."""
        given_back = self.owned(owner).update(
            status=JobStatus.QUEUED,
            owner="",
            lease_until=until,
            attempts=0,
            updated_at=timezone.now(),
        )
        return bool(given_back)

    def cancel(self) -> int:
        """End open rows without a result; a worker that holds one cannot write to it any more."""
        now = timezone.now()
        return self.filter(status__in=OPEN_STATUSES).update(
            status=JobStatus.CANCELLED,
            owner="",
            lease_until=None,
            finished_at=now,
            updated_at=now,
        )

    def exhausted(self) -> Self:
        """Rows whose last allowed worker died."""
        return self.filter(
            status=JobStatus.RUNNING, lease_until__lt=timezone.now(), attempts__gte=MAX_ATTEMPTS
        )

    def bury_exhausted(self) -> int:
        """Rows whose last allowed worker died become failed, with a reason a person can read."""
        now = timezone.now()
        return self.exhausted().update(
            status=JobStatus.FAILED,
            owner="",
            lease_until=None,
            error_code=WORKER_DIED,
            finished_at=now,
            updated_at=now,
        )

    def _close(self, owner: str, status: JobStatus, **values: Any) -> bool:
        now = timezone.now()
        closed = self.owned(owner).update(
            status=status, owner="", lease_until=None, finished_at=now, updated_at=now, **values
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


@dataclass(frozen=True)
class Held:
    """A row that this worker has: its owner token, and the event of its heartbeat."""

    row: Any
    owner: str
    lost: threading.Event


@contextmanager
def oldest_held(rows: JobQuerySet) -> Iterator[Held | None]:
    """The oldest claimable row, claimed, its lease extended while the block runs; or None."""
    row = rows.claimable(timezone.now()).order_by("created_at", "pk").first()
    owner = rows.claim(row.pk) if row is not None else ""
    if not owner:
        yield None
        return
    with heartbeat(rows, owner) as lost:
        yield Held(row, owner, lost)


def _beat(rows: JobQuerySet, owner: str, stop: threading.Event, lost: threading.Event) -> None:
    try:
        while not stop.wait(HEARTBEAT_SECONDS):
            if not _still_ours(rows, owner):
                lost.set()
                return
    finally:
        connection.close()


def _still_ours(rows: JobQuerySet, owner: str) -> bool:
    """A database that is away for one beat is no lost lease: three more beats fit into it."""
    try:
        return rows.extend(owner)
    except DatabaseError as problem:
        logger.warning("heartbeat missed reason=%s", type(problem).__name__)
        connection.close()
        return True
