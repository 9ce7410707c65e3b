"""Folders of runs go when nobody can need them any more."""

import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from core.jobs import JobStatus
from retraining.models import TrainingRun
from retraining.services.run_folders import throw_away_run_folders


@pytest.fixture
def folder(settings, covid):
    def made(status: str, days: int = 0) -> Path:
        run = TrainingRun.objects.create(target=covid, architecture="cnn-64", status=status)
        moment = timezone.now() - timedelta(days=days)
        TrainingRun.objects.filter(pk=run.pk).update(updated_at=moment)
        return _folder(settings, run.pk)

    return made


def _folder(settings, key) -> Path:
    path = Path(settings.RUNS_DIR) / key.hex
    path.mkdir(parents=True)
    (path / "films").write_bytes(b"grey")
    return path


@pytest.mark.parametrize(
    ("status", "days", "stays"),
    [
        (JobStatus.RUNNING, 0, True),
        (JobStatus.CANCELLED, 13, True),
        (JobStatus.FAILED, 13, True),
        (JobStatus.CANCELLED, 15, False),
        (JobStatus.DONE, 0, False),
    ],
)
def test_by_state_and_age(folder, status, days, stays):
    path = folder(status, days)
    assert throw_away_run_folders() == (0 if stays else 1)
    assert path.exists() is stays


def test_of_a_run_that_is_gone(settings, db):
    path = _folder(settings, uuid.uuid4())
    assert throw_away_run_folders() == 1
    assert not path.exists()


def test_what_is_no_run_stays(settings, db):
    other = Path(settings.RUNS_DIR) / "notes"
    other.mkdir(parents=True)
    assert throw_away_run_folders() == 0
    assert other.exists()


def test_without_a_folder(db):
    assert throw_away_run_folders() == 0
