"""What an attempt at a run tells, and when it learns that it must stop."""

from threading import Event
from types import SimpleNamespace

import pytest

from core.jobs import LeaseLost
from retraining.ml.training_spec import EpochReport
from retraining.models import Stage, TrainingRun
from retraining.pipeline import attempt as module
from retraining.pipeline.attempt import Attempt
from retraining.services import cancel_run, request_run

pytestmark = pytest.mark.usefixtures("bells")


@pytest.fixture
def attempt(covid, administrator, request) -> Attempt:
    name = getattr(request, "param", "covid-xr-c")
    run = request_run(target=covid, architecture=name, by=administrator)
    return Attempt(run, TrainingRun.objects.claim(run.pk), Event())


def report(epoch: int, seconds: float = 2.0) -> EpochReport:
    return EpochReport(
        epoch=epoch, train_loss=0.4, validation_loss=0.5, validation_auc=0.9, seconds=seconds,
        train_accuracy=0.8, validation_accuracy=0.7, train_auc=0.95,
    )  # fmt: skip


def stored(attempt: Attempt) -> TrainingRun:
    return TrainingRun.objects.get(pk=attempt.run.pk)


def test_a_stage_is_told_at_once(attempt):
    attempt.enter(Stage.FEATURES, total=7)
    assert (stored(attempt).stage, stored(attempt).total) == (Stage.FEATURES, 7)


def test_steps_are_told_now_and_then(attempt, django_assert_num_queries):
    attempt.enter(Stage.FEATURES, total=1000)
    attempt.step(1, 1000)
    with django_assert_num_queries(0):
        attempt.step(2, 1000)
    attempt.step(1000, 1000)
    assert stored(attempt).done == 1000


def test_an_estimate_of_what_is_left(attempt, monkeypatch):
    clock = SimpleNamespace(monotonic=lambda: 0.0)
    monkeypatch.setattr(module, "time", clock)
    attempt.enter(Stage.FEATURES, total=4)
    clock.monotonic = lambda: 10.0
    attempt.step(1, 4)
    assert stored(attempt).seconds_left == pytest.approx(30.0)


def test_epochs_are_stored_once_each(attempt):
    attempt.enter(Stage.TRAINING, total=3)
    for epoch in (1, 2, 2, 3):
        attempt.epoch(report(epoch))
    attempt.flush()
    assert [row.epoch for row in attempt.run.epochs.all()] == [1, 2, 3]
    assert stored(attempt).done == 3


@pytest.mark.parametrize("attempt", ["cnn-64"], indirect=True)
def test_an_epoch_of_a_network_is_told_at_once_and_starts_the_count_anew(attempt):
    TrainingRun.objects.filter(pk=attempt.run.pk).update(attempts=3)
    attempt.enter(Stage.TRAINING, total=10)
    attempt.epoch(report(1, seconds=5.0))
    run = stored(attempt)
    assert (run.done, run.attempts, run.seconds_left) == (1, 1, 45.0)


def test_a_cancelled_run_stops_at_the_next_word(attempt, administrator):
    cancel_run(run=attempt.run, by=administrator)
    with pytest.raises(LeaseLost):
        attempt.enter(Stage.TRAINING)


def test_a_lost_lease_stops_an_epoch(attempt):
    attempt.enter(Stage.TRAINING, total=9)
    attempt._lost.set()
    with pytest.raises(LeaseLost):
        attempt.epoch(report(1))


def test_seconds_of_the_stages(attempt):
    attempt.enter(Stage.SNAPSHOT)
    attempt.enter(Stage.FEATURES)
    assert set(attempt.close()) == {"snapshot", "features"}
