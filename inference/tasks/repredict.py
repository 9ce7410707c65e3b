"""Answering again after another model went into service: the doorbell."""

from core.tasks import gpu_task, ring
from inference import services


@gpu_task
def repredict_waiting() -> None:
    """Work for one slice, then ring for the rest: whatever else was rung for has its turn first."""
    if services.work_on_reprediction():
        ring(repredict_waiting)
