"""Runs and versions for the browser: rows of the tests' registry, inside the running platform.

The functions above `call` run in the platform itself (`manage.py shell`).
"""

import json
from datetime import timedelta

from django.utils import timezone

from images.models import Target
from retraining.models import RunLine, TrainingRun
from tests.retraining import registry


def hold_a_run(code: str) -> None:
    """A run in the middle of its training that no worker may take; prints its key."""
    run = registry.running(Target.objects.get(code=code), epochs=3, owner="browser")
    TrainingRun.objects.filter(pk=run.pk).update(lease_until=timezone.now() + timedelta(hours=1))
    print(json.dumps(str(run.pk)))


def go_on(key: str, last: int) -> None:
    """The held run reaches epoch `last` and says so. Prints `true`."""
    run = TrainingRun.objects.get(pk=key)
    registry.add_epochs(run, run.done + 1, last)
    RunLine.objects.create(run=run, code="trained", facts={"epoch": last, "loss": "0.123"})
    TrainingRun.objects.filter(pk=key).update(done=last)
    print("true")


def end(key: str) -> None:
    """The held run fails. Prints `true`."""
    TrainingRun.objects.filter(pk=key).update(
        status="failed", error_code="not-finite", lease_until=None, owner=""
    )
    print("true")


def lay_out_version(code: str) -> None:
    """Prints the key of a version with all its evidence."""
    print(json.dumps(str(registry.make_version(Target.objects.get(code=code)).pk)))


def call(platform, what: str) -> object:
    """What a call of this module prints when the platform itself makes it."""
    return json.loads(platform._run(f"from tests.browser import models_scene; models_scene.{what}"))
