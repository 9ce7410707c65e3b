"""Predictions: the doorbell, the reaper, and what a worker does when it starts."""

import time
from typing import Any

from celery.signals import worker_ready

from core import workers
from core.tasks import PULSES, cpu_task, gpu_task, ring
from inference import features, inputs, services, worker

# Shorter than the life of a reaper's message (10 s): where one process serves all queues, reaper
# and pulse get their turn between two slices.
SLICE_SECONDS = 5.0
# Between two slices the engine stands still for a tenth of a second: a process that only predicts
# goes on for so long, far below the task's time limit.
TURN_SECONDS = 60.0


@gpu_task
def predict_waiting() -> None:
    """Work until nothing is claimable, or the slice is over and others wait for this process: then
    ring for the rest."""
    turn_ends = time.monotonic() + TURN_SECONDS
    if worker.is_ready() and services.answer_waiting(
        seconds=SLICE_SECONDS, may_go_on=lambda: time.monotonic() < turn_ends and _nobody_waits()
    ):
        ring(predict_waiting)


def _nobody_waits() -> bool:
    """Neither another queue, nor a heat map, nor somebody who ends the worker."""
    if not workers.serves_only("inference") or workers.is_ending():
        return False
    return not services.explanations_wait()


@cpu_task
def finish_forgetting() -> None:
    """Wipe the features of deleted radiographs that a dead worker or a store that was away left."""
    features.finish_forgetting()


@cpu_task
def mend_standings() -> None:
    """Look again at what lists are filtered by, where two writers may have missed each other."""
    services.mend_standings()


@cpu_task
def reap() -> None:
    """Bring back what was left behind: by killed workers, lost messages, models that came later."""
    services.bury_exhausted()
    inputs.forget_leftovers()
    services.queue_missing()
    services.ring_if_waiting()
    services.reap_explanations()
    services.resume_repredictions()


@worker_ready.connect
def ring_at_start(**_details: Any) -> None:
    """A worker that starts gives its signs of life at once, looks for what a crash left behind, and
    warms the network."""
    for pulse in PULSES:
        ring(pulse)
    ring(reap)
    ring(predict_waiting)
