"""Any order of claims, deaths, heartbeats, results, releases and reaping keeps the job contract."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from core.jobs import LEASE, MAX_ATTEMPTS, OPEN_STATUSES, REST, JobStatus
from inference.models import DeployedModel, Prediction

START = datetime(2026, 1, 1, tzinfo=UTC)
Row = Prediction.objects


class Machine(RuleBasedStateMachine):
    """A plain account of who may do what, kept beside the row and compared with it."""

    radiograph = target = results = None  # given by the test

    def __init__(self):
        super().__init__()
        Row.all().delete()
        self.job = Row.create(radiograph=self.radiograph, target=self.target)
        self.now, self.owners = START, []
        self.status, self.holder, self.attempts = JobStatus.QUEUED, "", 0
        self.barred_until, self.endings = START, 0

    def at(self):
        return time_machine.travel(self.now, tick=False)

    def end(self, status):
        self.status, self.holder = status, ""
        self.endings += 1

    @rule(seconds=st.sampled_from([1, 4, 6, 19, 21, 60]))
    def time_passes(self, seconds):
        self.now += timedelta(seconds=seconds)

    @rule()
    def claim(self):
        free = self.attempts == 0 or self.barred_until < self.now
        allowed = self.status in OPEN_STATUSES and free and self.attempts < MAX_ATTEMPTS
        with self.at():
            owner = Row.claim(self.job.pk)
        assert bool(owner) == allowed
        if owner:
            self.owners.append(owner)
            self.status, self.holder = JobStatus.RUNNING, owner
            self.attempts += 1
            self.barred_until = self.now + LEASE

    @precondition(lambda self: self.owners)
    @rule(data=st.data(), verb=st.sampled_from(["extend", "fail", "release", "finish"]))
    def some_worker_speaks(self, data, verb):
        owner = data.draw(st.sampled_from(self.owners))
        arguments = ("code",) if verb in {"fail", "release"} else ()
        results = self.results if verb == "finish" else {}
        with self.at():
            heard = getattr(Row, verb)(owner, *arguments, **results)
        assert heard == (owner == self.holder)
        if heard:
            self.heard(verb)

    def heard(self, verb):
        if verb == "extend":
            self.barred_until = self.now + LEASE
        elif verb == "finish":
            self.end(JobStatus.DONE)
        elif verb == "fail" or self.attempts == MAX_ATTEMPTS:
            self.end(JobStatus.FAILED)
        else:
            self.status, self.holder = JobStatus.QUEUED, ""
            self.barred_until = self.now + REST

    @rule()
    def reap(self):
        spent = self.attempts == MAX_ATTEMPTS and self.barred_until < self.now
        buried = spent and self.status == JobStatus.RUNNING
        with self.at():
            assert Row.bury_exhausted() == int(buried)
        if buried:
            self.end(JobStatus.FAILED)

    @invariant()
    def row_and_account_agree(self):
        self.job.refresh_from_db()
        found = (self.job.status, self.job.owner, self.job.attempts)
        assert found == (self.status, self.holder, self.attempts)
        assert (self.job.finished_at is not None) == (self.endings == 1)

    @invariant()
    def it_ends_once_and_is_tried_three_times_at_most(self):
        assert self.endings <= 1
        assert self.attempts <= MAX_ATTEMPTS


@pytest.mark.slow
def test_the_contract_holds_in_any_order(job):
    Machine.radiograph, Machine.target = job.radiograph, job.target
    Machine.results = {
        "model": DeployedModel.objects.create(target=job.target, version="1", threshold=0.5),
        "predicted_class": job.target.positive_class,
        "probability": 0.7,
    }
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=60,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
