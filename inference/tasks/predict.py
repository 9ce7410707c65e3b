"""Predictions: the doorbell, the reaper, and what a worker does when it starts."""

from typing import Any

from celery.signals import worker_ready

from core.tasks import PULSES, cpu_task, gpu_task, ring
from inference import features, inputs, services, worker

# Shorter than the life of a reaper's message (10 s): where one process serves all queues, reaper
# and pulse get their turn between two slices.
SLICE_SECONDS = 5.0


@gpu_task
def predict_waiting() -> None:
    """Work until nothing is claimable, or the slice is over: then ring for the rest."""
    if worker.is_ready() and services.answer_waiting(seconds=SLICE_SECONDS):
        ring(predict_waiting)


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
