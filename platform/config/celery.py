"""The Celery application: `celery -A config worker -Q inference`."""

import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.beat import Scheduler
from celery.signals import (
    celeryd_after_setup,
    heartbeat_sent,
    worker_init,
    worker_process_init,
    worker_shutting_down,
)

from core import workers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("covidxr")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["core", "images", "inference", "reading", "retraining"])


def touch_alive_file() -> None:
    """Move the time of `settings.ALIVE_FILE` to now: containers look at it, not at the broker."""
    from django.conf import settings

    if settings.ALIVE_FILE:
        Path(settings.ALIVE_FILE).touch()


@heartbeat_sent.connect
def worker_is_alive(**_: Any) -> None:
    touch_alive_file()


@worker_init.connect
def refuse_bad_deployment(**_: Any) -> None:
    from config.checks import refuse_bad_deployment

    refuse_bad_deployment()


@celeryd_after_setup.connect
def note_queues(instance: Any, **_: Any) -> None:
    """The processes that this worker forks must know whom it serves."""
    workers.note_served(instance.app.amqp.queues.consume_from)


@worker_shutting_down.connect
def note_ending(**_: Any) -> None:
    """They must know, too, that they are waited for."""
    workers.note_ending()


@worker_process_init.connect
def give_way(**_: Any) -> None:
    """A process that trains gives way to all that serve people; the worker's own stays alive."""
    from core.yielding import is_for_background, yield_to_all

    if is_for_background(frozenset(workers.served)):
        yield_to_all()


class AliveScheduler(Scheduler):
    """Beat without a schedule file: every entry recurs within seconds, nothing is worth keeping.

    Celery's default keeps a pickle beside the data, which a crash can leave unreadable.
    """

    def tick(self, *args: Any, **kwargs: Any) -> float:
        touch_alive_file()
        delay: float = super().tick(*args, **kwargs)
        return delay
