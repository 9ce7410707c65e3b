"""Worklists: soon after something changed, and now and then what signals and bells missed."""

import time
from typing import Any

from celery.signals import worker_ready

from core.tasks import bell_heard, cpu_task, ring
from reading.services import following, worklists

# Other work of the queue gets its turn in between.
SLICE_SECONDS = 5.0


@cpu_task
def follow_changes() -> None:
    """Place and rank what changed lately; when the slice is over, ring for the rest."""
    bell_heard(follow_changes)
    slice_ends = time.monotonic() + SLICE_SECONDS
    if not following.follow_changes(is_over=lambda: time.monotonic() >= slice_ends):
        ring(follow_changes)


@cpu_task
def keep_worklists() -> None:
    worklists.keep_worklists()


@cpu_task
def rank_worklists() -> None:
    worklists.rank_worklists()


@worker_ready.connect
def ring_at_start(**_details: Any) -> None:
    """A worker that starts looks for what came while none was there."""
    ring(follow_changes)
