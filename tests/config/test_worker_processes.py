"""Which queues the workers of local mode serve, and which of their processes give way."""

import pytest

from config import celery
from config.start import services
from core import workers, yielding


@pytest.fixture
def argv_of(settings):
    return {service.name: list(service.argv) for service in services.services()}


@pytest.fixture
def gave_way(monkeypatch) -> list:
    calls = []
    monkeypatch.setattr(yielding, "yield_to_all", lambda: calls.append("yes"))
    monkeypatch.setattr(workers, "served", set())
    return calls


class Worker:
    """As far as the signal's receiver looks at it."""

    def __init__(self, *queues):
        self.app = self.amqp = self.queues = self
        self.consume_from = dict.fromkeys(queues)


@pytest.mark.parametrize(
    ("name", "queue"), [("worker", "inference"), ("intake", "default"), ("trainer", "training")]
)
def test_each_queue_has_a_worker_of_its_own(argv_of, name, queue):
    words = argv_of[name]
    assert words[words.index("-Q") + 1] == queue


def test_a_training_gives_its_memory_back(argv_of):
    words = argv_of["trainer"]
    assert words[words.index("--max-tasks-per-child") + 1] == "1"
    assert "--max-tasks-per-child" not in argv_of["worker"]


def test_a_process_that_trains_gives_way(gave_way):
    celery.note_queues(instance=Worker("training"))
    celery.give_way()
    assert gave_way == ["yes"]


@pytest.mark.parametrize("queues", [("inference",), ("default",), ("inference", "training")])
def test_a_process_that_serves_people_does_not(gave_way, queues):
    celery.note_queues(instance=Worker(*queues))
    celery.give_way()
    assert gave_way == []


def test_a_worker_that_is_told_to_end_says_so(monkeypatch):
    told = []
    monkeypatch.setattr(workers, "note_ending", lambda: told.append("yes"))
    celery.note_ending(sig="TERM")
    assert told == ["yes"]
