"""Cancelling a run, and going on with one of a whole network."""

import pytest
from django.core.exceptions import PermissionDenied

from core.jobs import JobStatus
from retraining.models import TrainingEpoch, TrainingRun
from retraining.services import RunOpen, cancel_run, request_run, resume_run

pytestmark = pytest.mark.usefixtures("bells")


@pytest.fixture
def run(covid, administrator) -> TrainingRun:
    return request_run(target=covid, architecture="cnn-64", by=administrator)


def after_an_epoch(run: TrainingRun) -> None:
    curves = {"train_loss": 0.5, "validation_loss": 0.6, "seconds": 1.0}
    TrainingEpoch.objects.create(run=run, epoch=1, **curves)


def test_ends_without_a_version(run, administrator):
    assert cancel_run(run=run, by=administrator)
    run.refresh_from_db()
    assert run.status == JobStatus.CANCELLED
    assert [line.code for line in run.lines.all()] == ["cancelled"]


def test_takes_the_run_from_its_worker(run, administrator):
    owner = TrainingRun.objects.claim(run.pk)
    cancel_run(run=run, by=administrator)
    assert not TrainingRun.objects.finish(owner)


def test_only_what_is_open(run, administrator):
    cancel_run(run=run, by=administrator)
    assert not cancel_run(run=run, by=administrator)


@pytest.mark.parametrize("verb", [cancel_run, resume_run])
@pytest.mark.parametrize("name", ["doctor", "site_administrator"])
def test_only_who_manages_models(request, run, verb, name):
    with pytest.raises(PermissionDenied):
        verb(run=run, by=request.getfixturevalue(name))


def test_goes_on(run, administrator, bells, django_capture_on_commit_callbacks):
    after_an_epoch(run)
    cancel_run(run=run, by=administrator)
    with django_capture_on_commit_callbacks(execute=True):
        assert resume_run(run=run, by=administrator)
    run.refresh_from_db()
    assert (run.status, run.attempts, run.finished_at) == (JobStatus.QUEUED, 0, None)
    assert bells == ["train_waiting"]


def test_goes_on_after_a_failure(run, administrator):
    after_an_epoch(run)
    TrainingRun.objects.fail(TrainingRun.objects.claim(run.pk), "no-room", error_facts={"a": 1})
    assert resume_run(run=run, by=administrator)
    run.refresh_from_db()
    assert (run.error_code, run.error_facts) == ("", {})


def test_nothing_to_go_on_with(run, administrator):
    cancel_run(run=run, by=administrator)
    assert not resume_run(run=run, by=administrator)


def test_a_head_starts_again_instead(covid, administrator):
    run = request_run(target=covid, architecture="covid-xr-c", by=administrator)
    after_an_epoch(run)
    cancel_run(run=run, by=administrator)
    assert not resume_run(run=run, by=administrator)


def test_not_beside_another_one(run, covid, administrator):
    after_an_epoch(run)
    cancel_run(run=run, by=administrator)
    other = request_run(target=covid, architecture="covid-xr-c", by=administrator)
    with pytest.raises(RunOpen) as refused:
        resume_run(run=run, by=administrator)
    assert refused.value.run == other
