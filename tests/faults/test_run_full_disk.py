"""A disk that fills up during a run: the reason in words, nothing in half, what serves is whole."""

from contextlib import suppress
from pathlib import Path

import pytest

from core.jobs import JobStatus
from images.models import Target
from inference.artifact_store import kept_folder
from inference.ml import artifact
from inference.models import DeployedModel
from inference.services import install_baseline
from retraining import failures
from retraining.models import ModelVersion, PromotionRules, ShortcutAudit, TrainingRun
from retraining.pipeline.training import folder_of
from retraining.services import request_run, resume_run, work_on_run
from tests.faults import test_full_disk
from tests.images.conftest import files_below
from tests.retraining.cases import divide_the_same_way, keep, make_cases
from tests.retraining.slow.cases import make_films

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.django_db]

small_disk = test_full_disk.small_disk
# One checkpoint of the small network with its optimizer.
CHECKPOINT_MB = 16


@pytest.fixture(autouse=True)
def bells(monkeypatch):
    for place in ("services.running", "pipeline.writing"):
        monkeypatch.setattr(f"retraining.{place}._ring", lambda: True)


@pytest.fixture
def covid(db) -> Target:
    return Target.objects.get(code="covid-19")


def fill(disk: Path, free_mb: int) -> Path:
    """A file that leaves so much room."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 65536)
    if free_mb:
        with filler.open("rb+") as file:
            file.truncate(filler.stat().st_size - free_mb * 1024 * 1024)
    return filler


def ended(run: TrainingRun) -> TrainingRun:
    work_on_run()
    run.refresh_from_db()
    return run


def network(covid, administrator) -> TrainingRun:
    return request_run(
        target=covid, architecture="cnn-64", overrides={"epochs": 2}, by=administrator
    )


def test_a_checkpoint_that_finds_no_room(doctor, covid, administrator, small_disk, settings):
    """The second one: the first stays, and from it the run goes on once there is room."""
    disk = small_disk(4 * CHECKPOINT_MB)
    filler = fill(disk, CHECKPOINT_MB + CHECKPOINT_MB // 2)
    settings.RUNS_DIR = disk / "runs"
    make_films(doctor)
    run = ended(network(covid, administrator))
    assert (run.status, run.error_code) == (JobStatus.FAILED, failures.NO_ROOM)
    kept = sorted(path.name for path in folder_of(run).iterdir())
    assert kept == ["epoch-0001", "films.npy", "films.npy.json", "lock"]
    filler.unlink()
    assert resume_run(run=run, by=administrator)
    assert ended(run).status == JobStatus.DONE
    assert run.lines.filter(code="continued", facts={"epoch": 1}).exists()
    assert not folder_of(run).exists()


def test_films_that_find_no_room(doctor, covid, administrator, small_disk, settings):
    disk = small_disk(1)
    fill(disk, 0)
    settings.RUNS_DIR = disk
    make_films(doctor)
    run = ended(network(covid, administrator))
    assert (run.status, run.error_code) == (JobStatus.FAILED, failures.NO_ROOM)
    assert not run.epochs.exists()


@pytest.mark.parametrize("architecture", ["covid-xr-c", "cnn-64"])
def test_a_model_that_finds_no_room(
    health_worker, doctor, covid, administrator, small_disk, settings, architecture
):
    disk = small_disk(16)
    settings.ARTIFACTS_DIR = disk / "models"
    live = install_baseline()
    fill(disk, 0)
    before = files_below(disk)
    if architecture == "cnn-64":
        # With features for the model in service, which the new one is compared with.
        keep(make_films(doctor))
    else:
        divide_the_same_way(make_cases(health_worker, 120))
    PromotionRules.objects.update_or_create(target=covid, defaults={"min_patients": 2})
    run = request_run(
        target=covid, architecture=architecture, overrides={"epochs": 2}, by=administrator
    )
    assert (ended(run).status, run.error_code) == (JobStatus.FAILED, failures.NO_ROOM)
    assert not ModelVersion.objects.exists()
    assert not ShortcutAudit.objects.exists()
    assert files_below(disk) == before
    assert DeployedModel.objects.live(covid) == live
    assert artifact.load(kept_folder(live.artifact)).manifest.version == live.version
