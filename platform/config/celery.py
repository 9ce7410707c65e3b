"""The Celery application: `celery -A config worker -Q inference`."""

import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.beat import Scheduler
from celery.signals import heartbeat_sent, worker_init

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


class AliveScheduler(Scheduler):
    """Beat without a schedule file: every entry recurs within seconds, nothing is worth keeping.

    Celery's default keeps a pickle beside the data, which a crash can leave unreadable.
    """

    def tick(self, *args: Any, **kwargs: Any) -> float:
        touch_alive_file()
        delay: float = super().tick(*args, **kwargs)
        return delay
