"""How long a worker goes on answering before others have their turn."""

from types import SimpleNamespace

import pytest

from core import workers
from inference import tasks
from inference.models import Prediction
from inference.services import answer_waiting, pipeline
from inference.tasks import predict
from tests.factories import UserFactory, make_radiograph


@pytest.fixture
def endless(monkeypatch) -> SimpleNamespace:
    """Micro-batches of one second each, without end; `now` is the clock."""
    played = SimpleNamespace(now=0.0, asked=[])

    def work_next(_self):
        played.now += 1.0
        return True

    monkeypatch.setattr(pipeline.Pipeline, "work_next", work_next)
    return played


@pytest.fixture
def worker_of(monkeypatch):
    """`worker_of("inference")`: this process belongs to a worker of these queues."""

    def serve(*queues):
        monkeypatch.setattr(workers, "served", set(queues))

    return serve


def test_a_slice_ends_where_it_may_not_go_on(endless):
    assert answer_waiting(seconds=5, clock=lambda: endless.now)
    assert endless.now == 5


def test_after_each_slice_it_is_asked_whether_others_wait(endless):
    def twice() -> bool:
        endless.asked.append(endless.now)
        return len(endless.asked) <= 2

    assert answer_waiting(seconds=5, may_go_on=twice, clock=lambda: endless.now)
    assert endless.asked == [5, 10, 15]


def test_a_worker_that_only_predicts_goes_on(worker_of, db):
    worker_of("inference")
    assert predict._nobody_waits()


@pytest.mark.parametrize("queues", [(), ("default",), ("inference", "default")])
def test_a_worker_of_other_queues_gives_them_their_turn(worker_of, db, queues):
    worker_of(*queues)
    assert not predict._nobody_waits()


def test_a_heat_map_that_somebody_asked_for_has_its_turn(worker_of, monkeypatch):
    worker_of("inference")
    monkeypatch.setattr(predict.services, "explanations_wait", lambda: True)
    assert not predict._nobody_waits()


def test_a_worker_that_is_to_end_begins_no_other_slice(worker_of, monkeypatch, db):
    worker_of("inference")
    monkeypatch.setattr(workers, "is_ending", lambda: True)
    assert not predict._nobody_waits()


def test_the_longest_turn_ends_too(model, site, small_engine, rung, worker_of, monkeypatch):
    worker_of("inference")
    monkeypatch.setattr(predict, "SLICE_SECONDS", 0)
    monkeypatch.setattr(predict, "TURN_SECONDS", 0)
    uploader = UserFactory(site=site)
    for seed in range(small_engine.limits.rows + 1):
        make_radiograph(uploader=uploader, seed=seed)
    tasks.predict_waiting.run()
    assert Prediction.objects.waiting().count() == 1
    assert len(rung) == 1


@pytest.mark.parametrize(("turn", "expected"), [(60.0, True), (0.0, False)])
def test_a_turn_has_several_slices_and_an_end(worker_of, monkeypatch, db, turn, expected):
    worker_of("inference")
    monkeypatch.setattr(predict, "TURN_SECONDS", turn)
    monkeypatch.setattr(predict.worker, "is_ready", lambda: True)
    asked = []

    def answer(*, seconds, may_go_on):
        asked.append(may_go_on())
        return False

    monkeypatch.setattr(predict.services, "answer_waiting", answer)
    tasks.predict_waiting.run()
    assert asked == [expected]
