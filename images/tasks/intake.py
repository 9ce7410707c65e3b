"""Files on their way in: the doorbell of the workers, and the reaper."""

import time
from typing import Any

from celery.signals import worker_ready

from core.tasks import cpu_task, ring
from images.models import IncomingFile
from images.services import intake

# Shorter than the life of a reaper's message: other work of the queue gets its turn in between.
SLICE_SECONDS = 5.0


@cpu_task
def take_in_waiting() -> None:
    """Work until nothing is claimable, or the slice is over: then ring for the rest."""
    slice_ends = time.monotonic() + SLICE_SECONDS
    while intake.take_in_round(is_over=lambda: time.monotonic() >= slice_ends):
        if time.monotonic() >= slice_ends:
            ring(take_in_waiting)
            return


@cpu_task
def reap() -> None:
    """Bring back what was left behind by killed workers and lost messages."""
    IncomingFile.objects.bury_exhausted()
    intake.ring_if_waiting()


@worker_ready.connect
def ring_at_start(**_details: Any) -> None:
    """A worker that starts looks for what a crash left behind."""
    ring(reap)
    ring(take_in_waiting)
