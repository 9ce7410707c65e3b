"""A run of a whole network from the button to the registry, and what may go wrong on the way."""

import errno
from pathlib import Path
from threading import Event

import pytest

from core.jobs import JobStatus
from images.services import withdraw_consent
from inference.artifact_store import kept_folder
from inference.ml import artifact
from retraining import failures
from retraining.ml.slow import checkpoint
from retraining.ml.slow.fit import Fit
from retraining.models import ModelVersion, TrainingRun
from retraining.pipeline import slow
from retraining.pipeline.attempt import Attempt
from retraining.pipeline.training import folder_of
from retraining.services import cancel_run, request_run, resume_run, work_on_run
from retraining.services.snapshots import take_snapshot
from tests.factories import state_truth
from tests.retraining.slow.cases import make_films

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def films(doctor):
    return make_films(doctor)


@pytest.fixture
def run(films, covid, administrator, bells) -> TrainingRun:
    return start(covid, administrator)


def start(covid, administrator, **overrides) -> TrainingRun:
    return request_run(
        target=covid, architecture="cnn-64", overrides={"epochs": 2} | overrides, by=administrator
    )


def ended(run: TrainingRun) -> TrainingRun:
    work_on_run()
    run.refresh_from_db()
    return run


def at_epoch(monkeypatch, act, epoch: int = 1) -> None:
    """Do something once, before that epoch is learnt."""
    monkeypatch.setattr(slow, "SECONDS_BETWEEN_LOOKS", 0.0)
    real, seen = Fit.epoch, []

    def learn(fit):
        if len(fit.history) + 1 == epoch and not seen:
            seen.append(epoch)
            act()
        return real(fit)

    monkeypatch.setattr(Fit, "epoch", learn)


def told(run: TrainingRun) -> list[str]:
    return [line.code for line in run.lines.all()]


def figures(version: ModelVersion) -> tuple:
    stored = artifact.load(kept_folder(version.artifact)).manifest
    chosen = (stored.threshold, stored.temperature, stored.conformal, stored.backbone_sha256)
    return version.figures, version.weights_sha256, *chosen


def test_makes_a_version_with_its_own_network(run):
    assert ended(run).status == JobStatus.DONE, run.error_code
    stored = artifact.load(kept_folder(ModelVersion.objects.get().artifact))
    assert stored.manifest.extractor == "cnn-64"
    assert stored.backbone is not None
    assert [row.epoch for row in run.epochs.all()] == [1, 2]


def test_nothing_stays_of_its_films(run):
    ended(run)
    assert not folder_of(run).exists()


def test_films_and_checkpoints_are_for_nobody_else(run, monkeypatch):
    modes = []

    def look():
        folder = folder_of(run)
        modes.extend(path.stat().st_mode & 0o077 for path in (folder, folder / slow.FILMS))

    at_epoch(monkeypatch, look, epoch=2)
    ended(run)
    assert modes == [0, 0]


def test_a_cancelled_run_goes_on_where_it_was(run, monkeypatch, covid, administrator):
    at_epoch(monkeypatch, lambda: cancel_run(run=run, by=administrator), epoch=2)
    assert ended(run).status == JobStatus.CANCELLED
    assert run.epochs.count() == 1
    assert resume_run(run=run, by=administrator)
    assert ended(run).status == JobStatus.DONE
    assert "continued" in told(run)
    assert run.epochs.count() == 2
    undisturbed = ended(start(covid, administrator))
    assert figures(run.version) == figures(undisturbed.version)


def test_a_damaged_checkpoint_is_learnt_anew(run, monkeypatch, covid, administrator):
    at_epoch(monkeypatch, lambda: cancel_run(run=run, by=administrator), epoch=2)
    ended(run)
    path = folder_of(run) / "epoch-0001" / checkpoint.NETWORK
    content = bytearray(path.read_bytes())
    content[-100] ^= 8
    path.write_bytes(content)
    resume_run(run=run, by=administrator)
    assert ended(run).status == JobStatus.DONE
    assert "continued" not in told(run)
    undisturbed = ended(start(covid, administrator))
    assert figures(run.version) == figures(undisturbed.version)


def test_a_loss_that_is_not_finite(run, monkeypatch):
    real = Fit._learn

    def spoil(fit, films, truth):
        return real(fit, films * float("nan"), truth)

    monkeypatch.setattr(Fit, "_learn", spoil)
    assert ended(run).status == JobStatus.FAILED
    assert run.error_code == failures.NOT_FINITE
    assert not ModelVersion.objects.exists()


@pytest.mark.parametrize("content", [None, b"no weights", b"\0" * 4096])
def test_weights_to_begin_with_that_are_missing_or_changed(
    films, covid, administrator, bells, settings, content
):
    if content is not None:
        path = Path(settings.WEIGHTS_DIR) / "vgg16_features_imagenet.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    run = request_run(target=covid, architecture="vgg16-fine-tuned", by=administrator)
    assert ended(run).error_code == failures.NO_WEIGHTS
    assert not ModelVersion.objects.exists()


def test_no_room_for_a_checkpoint(run, monkeypatch):
    def full(*_args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoint, "_written", full)
    assert ended(run).error_code == failures.NO_ROOM
    assert not list(folder_of(run).glob("epoch-*"))
    assert not list(folder_of(run).glob(".*.part"))


def test_a_consent_withdrawn_meanwhile_ends_it_at_once(run, films, monkeypatch, doctor):
    at_epoch(monkeypatch, lambda: withdraw_consent(patient=train_film(run).patient, by=doctor))
    assert ended(run).error_code == failures.WITHDRAWN
    assert run.epochs.count() == 1
    assert not folder_of(run).exists()


def test_it_cannot_be_resumed_with_somebody_who_said_no(run, monkeypatch, doctor, administrator):
    at_epoch(monkeypatch, lambda: withdraw_consent(patient=train_film(run).patient, by=doctor))
    ended(run)
    resume_run(run=run, by=administrator)
    assert ended(run).error_code == failures.WITHDRAWN
    assert not folder_of(run).exists()


def test_a_radiograph_deleted_meanwhile_ends_it_at_once(run, monkeypatch):
    at_epoch(monkeypatch, lambda: train_film(run).delete())
    assert ended(run).error_code == failures.WITHDRAWN
    assert not folder_of(run).exists()


def test_a_label_changed_meanwhile_waits_for_the_next_run(run, films, monkeypatch):
    at_epoch(monkeypatch, lambda: state_truth(films[0], "negative"))
    assert ended(run).status == JobStatus.DONE
    assert run.lines.filter(code="relabelled", facts={"cases": 1}).exists()


def test_a_file_that_is_gone_is_left_out(run, films):
    splits = {
        each.radiograph_id: each.split for each in take_snapshot(target=run.target).cases.all()
    }
    Path(next(film for film in films if splits[film.pk] == "train").file.path).unlink()
    assert ended(run).status == JobStatus.DONE, run.error_code
    assert "without-features" in told(run)


def test_a_folder_in_use_is_waited_for(run, monkeypatch):
    """By a worker that lost its lease and does not know it yet."""
    monkeypatch.setattr(slow, "SECONDS_FOR_THE_OTHER", 0.0)
    folder = folder_of(run)
    attempt = Attempt(run, TrainingRun.objects.claim(run.pk), Event())
    with slow._alone(attempt, folder), pytest.raises(BlockingIOError), slow._alone(attempt, folder):
        pass
    with slow._alone(attempt, folder):
        pass


def train_film(run: TrainingRun):
    run.refresh_from_db()
    return run.snapshot.cases.filter(split="train").first().radiograph
