"""The doorbell: published when the broker is there, worth nothing and costing nothing when not."""

import threading
import time

import pytest
from celery import Celery
from django.core.cache import cache

from config import celery_app
from core import tasks
from core.tasks import QUEUES, pulse, pulse_inference, pulse_key, ring
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


@pytest.mark.parametrize(("task", "queue"), [(pulse, "default"), (pulse_inference, "inference")])
def test_a_pulse_is_left_for_the_status_page(task, queue):
    task.run()
    kept = {name for name in ("default", "inference", "training") if cache.get(pulse_key(name))}
    assert kept == {queue}
    assert QUEUES[task.name] == queue


def test_a_worker_with_a_long_task_gives_signs_of_life(monkeypatch):
    noted = threading.Event()
    monkeypatch.setattr(tasks, "BUSY_PULSE_SECONDS", 0.001)
    monkeypatch.setattr(tasks, "note_pulse", lambda queue: noted.set())
    with tasks.busy_pulse("inference"):
        assert noted.wait(10)


def test_the_signs_end_with_the_task(monkeypatch):
    before = threading.active_count()
    with tasks.busy_pulse("inference"):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


def test_a_cache_that_is_away_does_not_end_a_task(monkeypatch):
    asked = threading.Event()

    def away(queue):
        asked.set()
        raise OSError

    monkeypatch.setattr(tasks, "BUSY_PULSE_SECONDS", 0.001)
    monkeypatch.setattr(tasks, "note_pulse", away)
    with tasks.busy_pulse("inference"):
        assert asked.wait(10)


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
