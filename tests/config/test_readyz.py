"""GET /readyz: 503 names what fails, and nothing more."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from config import health
from core.tasks import PULSE_SECONDS, pulse_key

pytestmark = pytest.mark.django_db


SERVED = ("default", "inference")


def pulse(seconds_ago, queues=SERVED):
    for queue in queues:
        cache.set(pulse_key(queue), (timezone.now() - timedelta(seconds=seconds_ago)).isoformat())


def fails(*_):
    raise DatabaseError("password=hidden host=db.internal")


def failing():
    response = Client().get("/readyz")
    return response.status_code, response.json()["failing"]


def test_ready_when_every_part_answers():
    pulse(seconds_ago=1)
    assert failing() == (200, [])


def test_workers_that_never_lived_are_named():
    assert failing() == (503, ["worker-default", "worker-inference"])


@pytest.mark.parametrize("silent", SERVED)
def test_an_old_pulse_is_no_pulse(silent):
    pulse(seconds_ago=1)
    pulse(PULSE_SECONDS + 1, [silent])
    assert failing() == (503, [f"worker-{silent}"])


@pytest.mark.parametrize("alive", SERVED)
def test_one_worker_says_nothing_about_the_other(alive):
    pulse(1, [alive])
    (silent,) = set(SERVED) - {alive}
    assert failing() == (503, [f"worker-{silent}"])


@pytest.mark.parametrize("part", list(health.CHECKS))
def test_each_part_is_named_by_itself(monkeypatch, part):
    pulse(seconds_ago=1)
    monkeypatch.setitem(health.CHECKS, part, fails)
    assert failing() == (503, [part])


def test_waiting_migrations_are_named(monkeypatch):
    pulse(seconds_ago=1)
    monkeypatch.setattr(health, "pending_migrations", lambda: ["images.0003_more"])
    assert failing() == (503, ["migrations"])


def test_a_broker_that_is_away_is_named(monkeypatch, settings):
    pulse(seconds_ago=1)
    monkeypatch.setattr(health.celery_app.conf, "broker_write_url", "redis://127.0.0.1:1/0")
    monkeypatch.setitem(health.celery_app.conf, "broker_url", "redis://127.0.0.1:1/0")
    assert failing() == (503, ["broker"])


def test_reasons_do_not_leave(monkeypatch):
    monkeypatch.setitem(health.CHECKS, "database", fails)
    body = Client().get("/readyz").content.decode()
    assert "hidden" not in body
    assert "db.internal" not in body
