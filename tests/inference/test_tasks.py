"""Doorbells and reaper: nothing is lost when a message is."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from core.jobs import LEASE, MAX_ATTEMPTS, WORKER_DIED, JobStatus
from core.tasks import PULSES
from inference import tasks, worker
from inference.ml.extractor import BatchLimits
from inference.models import Prediction
from tests.factories import make_radiograph

BELL, REAP = "inference.tasks.predict.predict_waiting", "inference.tasks.predict.reap"


@pytest.fixture
def three(model, site) -> list[Prediction]:
    for seed in range(3):
        make_radiograph(site=site, seed=seed)
    return list(Prediction.objects.all())


def test_one_bell_is_enough_for_all(three, small_engine, rung):
    tasks.predict_waiting.run()
    assert set(Prediction.objects.values_list("status", flat=True)) == {JobStatus.DONE}
    assert rung == []


def test_a_slice_that_is_over_rings_for_the_rest(three, small_engine, rung, monkeypatch):
    monkeypatch.setattr(tasks.predict, "SLICE_SECONDS", 0)
    monkeypatch.setattr(small_engine, "limits", BatchLimits(rows=2, patience=0.0))
    tasks.predict_waiting.run()
    assert Prediction.objects.filter(status=JobStatus.DONE).count() == 2
    assert rung == [BELL]


def test_without_weights_the_rows_wait_and_no_attempt_is_spent(three, settings, tmp_path, caplog):
    settings.WEIGHTS_DIR, settings.VGG16_WEIGHTS = tmp_path / "empty", ""
    worker.engine.cache_clear()
    tasks.predict_waiting.run()
    assert set(Prediction.objects.values_list("status", "attempts")) == {(JobStatus.QUEUED, 0)}
    assert "fetch_weights" in caplog.text


def test_the_reaper_rings_for_what_lost_its_bell(three, rung):
    tasks.reap.run()
    assert rung == [BELL]


def test_the_reaper_is_silent_when_nothing_waits(model, rung):
    tasks.reap.run()
    assert rung == []


def test_a_broker_that_was_down_leaves_the_row_to_the_reaper(
    model, site, monkeypatch, rung, django_capture_on_commit_callbacks
):
    def down(**_):
        raise ConnectionError

    with monkeypatch.context() as broken, django_capture_on_commit_callbacks(execute=True):
        broken.undo()
        monkeypatch.setattr(tasks.predict_waiting, "apply_async", down)
        make_radiograph(site=site)
    assert Prediction.objects.get().status == JobStatus.QUEUED
    tasks.reap.run()
    assert rung[-1] == BELL


def test_the_reaper_rings_for_a_dead_workers_row_once_its_lease_is_over(three, rung):
    for row in three:
        assert Prediction.objects.claim(row.pk)
    tasks.reap.run()
    assert rung == []
    with time_machine.travel(timezone.now() + LEASE + timedelta(seconds=1), tick=False):
        tasks.reap.run()
    assert rung == [BELL]


def test_the_reaper_buries_what_killed_three_workers(three, rung):
    Prediction.objects.filter(pk=three[0].pk).update(
        status=JobStatus.RUNNING, attempts=MAX_ATTEMPTS, lease_until=timezone.now() - LEASE
    )
    tasks.reap.run()
    three[0].refresh_from_db()
    assert (three[0].status, three[0].error_code) == (JobStatus.FAILED, WORKER_DIED)


def test_the_reaper_queues_what_no_signal_asked_for(three, rung):
    Prediction.objects.all().delete()
    tasks.reap.run()
    assert Prediction.objects.filter(status=JobStatus.QUEUED).count() == 3


def test_a_worker_that_starts_looks_at_once(rung):
    tasks.predict.ring_at_start()
    assert rung == [*(pulse.name for pulse in PULSES), REAP, BELL]


def test_beat_knows_the_reaper(settings):
    assert REAP in {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert tasks.reap.name == REAP
