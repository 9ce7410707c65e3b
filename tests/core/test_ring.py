"""The doorbell: published when the broker is there, worth nothing and costing nothing when not."""

import time

import pytest
from celery import Celery

from config import celery_app
from core.tasks import pulse, ring
from inference.tasks import predict_waiting, reap


class Task:
    name = "some.task"

    def __init__(self, problem=None):
        self.problem, self.rung = problem, 0

    def apply_async(self, **options):
        if self.problem:
            raise self.problem
        self.rung += 1


def test_a_bell_is_published():
    task = Task()
    assert ring(task) is True
    assert task.rung == 1


def test_a_broker_that_is_down_is_no_error(caplog):
    assert ring(Task(problem=ConnectionError("secret address"))) is False
    assert "secret address" not in caplog.text


def test_a_broker_that_is_down_costs_no_time(tmp_path, settings):
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    app = Celery(broker=f"redis+socket://{tmp_path}/nobody.sock", set_as_current=False)
    app.conf.broker_transport_options = options

    @app.task(name="tests.nothing")
    def nothing(): ...

    started = time.monotonic()
    assert ring(nothing) is False
    assert time.monotonic() - started < 1


def test_a_pulse_is_left_for_the_status_page():
    from django.core.cache import cache

    from core.tasks import PULSE_KEY

    pulse.run()
    assert cache.get(PULSE_KEY)


@pytest.mark.parametrize(
    ("name", "queue"),
    [
        (predict_waiting.name, "inference"),
        (reap.name, "default"),
        (pulse.name, "default"),
    ],
)
def test_a_task_goes_to_the_queue_of_its_decorator(name, queue):
    route = celery_app.amqp.router.route({}, name)
    assert route["queue"].name == queue
