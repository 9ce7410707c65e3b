"""Features that an engine is still busy with: who waits for them, and what their failure costs."""

import threading
from collections.abc import Callable

import pytest

from core.jobs import JobStatus
from inference import reasons, worker
from inference.models import Prediction
from inference.services import work
from tests.engines import SmallEngine
from tests.factories import UserFactory, make_radiograph

pytestmark = pytest.mark.usefixtures("small_engine")


class Busy:
    """Features that somebody else's `result` decides on."""

    def __init__(self, result: Callable[[], object]) -> None:
        self.result = result

    def wait_until_taken(self) -> None:
        pass


@pytest.fixture
def two(queued) -> list[Prediction]:
    """Two that make one micro-batch."""
    return queued(2)


def end_by(monkeypatch, decide: Callable[[SmallEngine, object], object]) -> SmallEngine:
    """From now on what is begun ends with what `decide(engine, inputs)` returns or raises."""
    engine = worker.engine()
    monkeypatch.setattr(engine, "begin", lambda inputs: Busy(lambda: decide(engine, inputs)))
    return engine


def states() -> list[tuple[str, str]]:
    rows = Prediction.objects.order_by("created_at")
    return list(rows.values_list("status", "error_code"))


def test_an_engine_that_is_busy_holds_up_no_begin(two, monkeypatch):
    is_done = threading.Event()

    def when_done(engine, inputs):
        assert is_done.wait(30)
        return engine.features_of(inputs)

    end_by(monkeypatch, when_done)
    running = work.begin(work.claim_next())
    is_done.set()
    work.conclude(running)
    assert states() == [(JobStatus.DONE, "")] * 2


def test_a_whole_batch_that_fails_late_is_made_film_by_film(two, monkeypatch):
    def not_together(engine, inputs):
        if len(inputs) > 1:
            raise RuntimeError
        return engine.features_of(inputs)

    engine = end_by(monkeypatch, not_together)
    work.work_next()
    assert engine.batches == [1, 1]
    assert states() == [(JobStatus.DONE, "")] * 2


def test_a_film_that_always_fails_costs_its_neighbour_nothing(two, monkeypatch):
    engine = worker.engine()
    worse = worker.input_of(two[1].radiograph).tobytes()

    def not_this_one(engine, inputs):
        if worse in [row.tobytes() for row in inputs]:
            raise RuntimeError
        return engine.features_of(inputs)

    end_by(monkeypatch, not_this_one)
    work.work_next()
    assert engine.calls == 1
    assert states()[0] == (JobStatus.DONE, "")
    assert states()[1][1] == reasons.UNEXPECTED


def test_what_is_begun_just_now_is_not_begun_again(two, site, monkeypatch):
    engine = end_by(monkeypatch, SmallEngine.features_of)
    running = work.begin(work.claim_next())
    make_radiograph(uploader=UserFactory(), seed=0)  # the pixels of the first of the two
    again = work.begin(work.claim_next(), running.begun.makings)
    work.conclude(running)
    work.conclude(again)
    assert set(states()) == {(JobStatus.DONE, "")}
    # Asked for by both micro-batches, made of two radiographs each time, never of the third.
    assert set(engine.batches) == {2}


def test_what_was_begun_and_failed_is_made_by_who_asks_next(two, monkeypatch):
    def fail(_engine, _inputs):
        raise RuntimeError

    end_by(monkeypatch, fail)
    running = work.begin(work.claim_next())
    engine = end_by(monkeypatch, SmallEngine.features_of)
    make_radiograph(uploader=UserFactory(), seed=0)
    again = work.begin(work.claim_next(), running.begun.makings)
    work.conclude(again)
    assert engine.batches == [1]
    assert Prediction.objects.latest("created_at").status == JobStatus.DONE
    running.heart.close()
