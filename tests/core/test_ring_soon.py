"""One bell for all who ask until it is heard."""

import pytest
from django.core.cache import cache

from core.tasks import SOON_SECONDS, bell_heard, ring_soon


class Task:
    name = "some.task"

    def __init__(self):
        self.bells, self.problem = [], None

    def apply_async(self, **options):
        if self.problem:
            raise self.problem
        self.bells.append(options)


@pytest.fixture
def task():
    return Task()


@pytest.fixture
def no_cache(monkeypatch):
    def away(*_args, **_options):
        raise ConnectionError("secret address")

    monkeypatch.setattr(cache, "add", away)
    monkeypatch.setattr(cache, "delete", away)


def test_it_rings_some_seconds_later(task):
    ring_soon(task)
    [options] = task.bells
    assert options["countdown"] == SOON_SECONDS


def test_many_who_ask_are_one_bell(task):
    for _ in range(3):
        ring_soon(task)
    assert len(task.bells) == 1


def test_who_asks_after_it_was_heard_rings_anew(task):
    ring_soon(task)
    bell_heard(task)
    ring_soon(task)
    assert len(task.bells) == 2


def test_each_task_has_a_bell_of_its_own(task):
    other = Task()
    other.name = "another.task"
    ring_soon(task)
    ring_soon(other)
    assert len(other.bells) == 1


def test_a_bell_that_was_not_published_holds_up_nobody(task):
    task.problem = OSError()
    ring_soon(task)
    task.problem = None
    ring_soon(task)
    assert len(task.bells) == 1


def test_a_lost_bell_is_forgotten(task, monkeypatch):
    monkeypatch.setattr("core.tasks.BELL_SECONDS", 0)
    ring_soon(task)
    ring_soon(task)
    assert len(task.bells) == 2


@pytest.mark.usefixtures("no_cache")
def test_without_a_cache_everybody_rings(task, caplog):
    ring_soon(task)
    ring_soon(task)
    assert len(task.bells) == 2
    assert "secret address" not in caplog.text


@pytest.mark.usefixtures("no_cache")
def test_without_a_cache_a_bell_is_heard_all_the_same(task, caplog):
    bell_heard(task)
    assert "bell not heard" in caplog.text
