"""One decorator per queue, so that no task chooses its own acknowledgement, limits or serializer.

Tasks are doorbells without payload: they say "there is work", the rows say which.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final

from celery import shared_task  # noqa: TID251  (the one place that may)
from django.core.cache import cache
from django.utils import timezone

logger = logging.getLogger(__name__)

PULSE_SECONDS: Final = 60
BUSY_PULSE_SECONDS: Final = 15.0
# What nobody waits for is done this much later, for all who rang meanwhile at once.
SOON_SECONDS: Final = 3
# A bell that nobody heard for so long was lost: the next one who asks rings anew.
BELL_SECONDS: Final = 30


# Task name -> queue, filled by the decorators and read by the router of settings.
QUEUES: dict[str, str] = {}


def _decorator(queue: str, seconds: int) -> Callable[[Callable[..., Any]], Any]:
    def decorate(function: Callable[..., Any]) -> Any:
        name = f"{function.__module__}.{function.__name__}"
        QUEUES[name] = queue

        @wraps(function)
        def run(*args: Any, **options: Any) -> Any:
            with busy_pulse(queue):
                return function(*args, **options)

        return shared_task(
            name=name,
            acks_late=True,
            reject_on_worker_lost=True,
            ignore_result=True,
            serializer="json",
            soft_time_limit=seconds,
            time_limit=seconds + 30,
        )(run)

    return decorate


def queue_of(name: str, *_args: Any, **_options: Any) -> dict[str, str] | None:
    """Celery's router: a task goes to the queue of its decorator, whoever sends it."""
    return {"queue": QUEUES[name]} if name in QUEUES else None


cpu_task = _decorator("default", seconds=120)
gpu_task = _decorator("inference", seconds=600)
train_task = _decorator("training", seconds=6 * 3600)


def ring(task: Any, **options: Any) -> bool:
    """Publish the doorbell. With the broker down the row just waits until the reaper rings.

    `options`: of Celery's `apply_async`.
    """
    try:
        task.apply_async(retry=False, **options)
    except Exception as problem:  # kombu wraps each transport's errors in classes of its own
        logger.warning(
            "doorbell not published task=%s reason=%s", task.name, type(problem).__name__
        )
        return False
    return True


def ring_soon(task: Any) -> None:
    """Ring in SOON_SECONDS, unless a bell of `task` is out already.

    The task says `bell_heard` before it looks: what was committed until then it sees, and what
    comes later rings anew, so that nothing is left out. With the cache away everybody rings.
    """
    key = _bell_key(task)
    try:
        is_first = cache.add(key, "out", BELL_SECONDS)
    except Exception as problem:  # whatever the cache's library raises
        logger.warning("bell not marked task=%s reason=%s", task.name, type(problem).__name__)
        ring(task, countdown=SOON_SECONDS)
        return
    if is_first and not ring(task, countdown=SOON_SECONDS):
        cache.delete(key)


def bell_heard(task: Any) -> None:
    """From now on `ring_soon` rings again; to be called first by tasks that are rung so."""
    try:
        cache.delete(_bell_key(task))
    except Exception as problem:  # the mark ends by itself
        logger.warning("bell not heard task=%s reason=%s", task.name, type(problem).__name__)


def _bell_key(task: Any) -> str:
    return f"bell-{task.name}"


def pulse_key(queue: str) -> str:
    return f"worker-pulse-{queue}"


def note_pulse(queue: str) -> None:
    """A sign of life of the queue's workers, which the status page and /readyz read."""
    cache.set(pulse_key(queue), timezone.now().isoformat(), PULSE_SECONDS)


@contextmanager
def busy_pulse(queue: str) -> Iterator[None]:
    """Signs of life while the block runs: a worker with one long task cannot run `pulse` too.

    A task that hangs is no exception for long: its time limit kills it, and the signs end.
    """
    stop = threading.Event()
    thread = threading.Thread(target=_pulse_until, args=(queue, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _pulse_until(queue: str, stop: threading.Event) -> None:
    while not stop.wait(BUSY_PULSE_SECONDS):
        try:
            note_pulse(queue)
        except Exception as problem:  # a cache that is away is named by /readyz
            logger.warning("pulse not noted queue=%s reason=%s", queue, type(problem).__name__)


@cpu_task
def pulse() -> None:
    note_pulse("default")


@gpu_task
def pulse_inference() -> None:
    note_pulse("inference")


# None for training: where nobody serves that queue, its messages would only pile up.
PULSES: Final = (pulse, pulse_inference)
