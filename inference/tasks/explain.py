"""Heat maps: the doorbell."""

from core.tasks import gpu_task
from inference import services, worker


@gpu_task
def explain_waiting() -> None:
    """Draw one map and ring for the next, so that predictions take their turns in between."""
    if worker.is_ready() and services.work_next_explanation():
        services.ring_if_explanations_wait()
