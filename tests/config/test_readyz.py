"""GET /readyz: 503 names what fails, and nothing more."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from config import health
from core.tasks import PULSE_KEY, PULSE_SECONDS

pytestmark = pytest.mark.django_db


def pulse(seconds_ago):
    cache.set(PULSE_KEY, (timezone.now() - timedelta(seconds=seconds_ago)).isoformat())


def fails(*_):
    raise DatabaseError("password=hidden host=db.internal")


def failing():
    response = Client().get("/readyz")
    return response.status_code, response.json()["failing"]


def test_ready_when_every_part_answers():
    pulse(seconds_ago=1)
    assert failing() == (200, [])


def test_a_worker_that_never_lived_is_named():
    assert failing() == (503, ["worker"])


def test_an_old_pulse_is_no_pulse():
    pulse(seconds_ago=PULSE_SECONDS + 1)
    assert failing() == (503, ["worker"])


@pytest.mark.parametrize("part", ["database", "migrations", "broker", "cache", "worker"])
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
