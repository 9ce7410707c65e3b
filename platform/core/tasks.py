"""One decorator per queue, so that no task chooses its own acknowledgement, limits or serializer.

Tasks are doorbells without payload: they say "there is work", the rows say which.
"""

import logging
from collections.abc import Callable
from typing import Any

from celery import shared_task  # noqa: TID251  (the one place that may)
from django.core.cache import cache
from django.utils import timezone

logger = logging.getLogger(__name__)

PULSE_KEY = "worker-pulse"
PULSE_SECONDS = 60


# Task name -> queue, filled by the decorators and read by the router of settings.
QUEUES: dict[str, str] = {}


def _decorator(queue: str, seconds: int) -> Callable[[Callable[..., Any]], Any]:
    def decorate(function: Callable[..., Any]) -> Any:
        name = f"{function.__module__}.{function.__name__}"
        QUEUES[name] = queue
        return shared_task(
            name=name,
            acks_late=True,
            reject_on_worker_lost=True,
            ignore_result=True,
            serializer="json",
            soft_time_limit=seconds,
            time_limit=seconds + 30,
        )(function)

    return decorate


def queue_of(name: str, *_args: Any, **_options: Any) -> dict[str, str] | None:
    """Celery's router: a task goes to the queue of its decorator, whoever sends it."""
    return {"queue": QUEUES[name]} if name in QUEUES else None


cpu_task = _decorator("default", seconds=120)
gpu_task = _decorator("inference", seconds=600)
train_task = _decorator("training", seconds=6 * 3600)


def ring(task: Any) -> bool:
    """Publish the doorbell. With the broker down the row just waits until the reaper rings."""
    try:
        task.apply_async(retry=False)
    except Exception as problem:  # kombu wraps each transport's errors in classes of its own
        logger.warning(
            "doorbell not published task=%s reason=%s", task.name, type(problem).__name__
        )
        return False
    return True


@cpu_task
def pulse() -> None:
    """A sign of life that the status page and /readyz read."""
    cache.set(PULSE_KEY, timezone.now().isoformat(), PULSE_SECONDS)
