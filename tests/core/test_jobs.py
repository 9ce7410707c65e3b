"""The verbs of the job contract, one by one."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError
from django.utils import timezone

from core import jobs
from core.jobs import LEASE, MAX_ATTEMPTS, REST, WORKER_DIED, JobStatus
from inference.models import Prediction

Row = Prediction.objects
MOMENT = timedelta(seconds=1)


def later(delta: timedelta):
    return time_machine.travel(timezone.now() + delta, tick=False)


def use_up_attempts(job: Prediction) -> str:
    """Let every allowed worker but the last die; returns the last one's owner token."""
    now = timezone.now()
    for attempt in range(MAX_ATTEMPTS):
        with time_machine.travel(now + attempt * (LEASE + MOMENT), tick=False):
            owner = Row.claim(job.pk)
    return owner


def test_a_claim_takes_the_row(job):
    owner = Row.claim(job.pk)
    job.refresh_from_db()
    assert (job.status, job.owner, job.attempts) == (JobStatus.RUNNING, owner, 1)


def test_a_second_claim_gets_nothing(job):
    assert Row.claim(job.pk)
    assert Row.claim(job.pk) == ""


def test_a_lease_that_is_over_can_be_claimed_by_another(job):
    first = Row.claim(job.pk)
    with later(LEASE + MOMENT):
        second = Row.claim(job.pk)
    assert second
    assert second != first


def test_a_heartbeat_keeps_the_lease(job):
    owner = Row.claim(job.pk)
    with later(LEASE - MOMENT):
        assert Row.extend(owner)
    with later(LEASE + MOMENT):
        assert Row.claim(job.pk) == ""


def test_a_late_writer_is_refused(job):
    late = Row.claim(job.pk)
    with later(LEASE + MOMENT):
        Row.claim(job.pk)
        assert not Row.finish(late, probability=0.5)
        assert not Row.fail(late, "x")
        assert not Row.release(late, "x")
        assert not Row.extend(late)
    job.refresh_from_db()
    assert (job.status, job.probability, job.error_code) == (JobStatus.RUNNING, None, "")


def test_a_released_row_rests_before_the_next_try(job):
    assert Row.release(Row.claim(job.pk), "storage")
    assert Row.claim(job.pk) == ""
    with later(REST + MOMENT):
        assert Row.claim(job.pk)


def test_the_last_release_fails_the_row(job):
    owner = use_up_attempts(job)
    assert Row.release(owner, "storage")
    job.refresh_from_db()
    assert (job.status, job.error_code) == (JobStatus.FAILED, "storage")


def test_the_reaper_buries_a_row_whose_last_worker_died(job):
    use_up_attempts(job)
    with later(MAX_ATTEMPTS * (LEASE + MOMENT)):
        assert Row.bury_exhausted() == 1
    job.refresh_from_db()
    assert (job.status, job.error_code) == (JobStatus.FAILED, WORKER_DIED)
    assert job.finished_at is not None


def test_the_reaper_leaves_the_last_worker_its_lease(job):
    use_up_attempts(job)
    assert Row.bury_exhausted() == 0


def test_a_cancelled_row_takes_no_result(job):
    owner = Row.claim(job.pk)
    assert Row.filter(pk=job.pk).cancel() == 1
    assert not Row.finish(owner, probability=0.5)


@pytest.mark.parametrize("end", ["fail", "cancel"])
def test_a_closed_row_stays_closed(job, end):
    owner = Row.claim(job.pk)
    Row.fail(owner, "x") if end == "fail" else Row.filter(pk=job.pk).cancel()
    with later(10 * LEASE):
        assert Row.claim(job.pk) == ""
        assert Row.bury_exhausted() == 0
        assert Row.filter(pk=job.pk).cancel() == 0


def test_a_closing_is_seen_by_those_who_follow_changes(job):
    owner = Row.claim(job.pk)
    with later(MOMENT):
        Row.fail(owner, "x")
    before = job.updated_at
    job.refresh_from_db()
    assert job.updated_at >= before + MOMENT


class Rows:
    """Stands for the row's queryset, so that the heartbeat's thread needs no database."""

    def __init__(self, answers):
        self.answers, self.beats, self.beaten = iter(answers), 0, threading.Event()

    def extend(self, owner):
        self.beats += 1
        answer = next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        self.beaten.set()
        return answer


def test_the_heartbeat_tells_that_the_lease_was_lost(monkeypatch):
    monkeypatch.setattr(jobs, "HEARTBEAT_SECONDS", 0.01)
    with jobs.heartbeat(Rows([True, False]), "owner") as lost:
        assert lost.wait(5)


def test_the_heartbeat_outlives_a_database_that_was_away(monkeypatch):
    monkeypatch.setattr(jobs, "HEARTBEAT_SECONDS", 0.01)
    rows = Rows([DatabaseError(), DatabaseError(), True, False])
    with jobs.heartbeat(rows, "owner") as lost:
        assert rows.beaten.wait(5)
        assert lost.wait(5)
    assert rows.beats == 4


def test_the_oldest_row_is_held_while_the_block_runs(job):
    with jobs.oldest_held(Row.all()) as held:
        job.refresh_from_db()
        assert (held.row, held.owner) == (job, job.owner)
        assert not held.lost.is_set()
        assert not Row.awaits_worker()


def test_nothing_to_hold(job):
    Row.all().cancel()
    with jobs.oldest_held(Row.all()) as held:
        assert held is None
