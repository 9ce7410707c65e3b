"""Working on predictions: each ends done, failed with a reason, or queued for another try."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.utils import timezone

from core.jobs import LEASE, MAX_ATTEMPTS, REST, JobStatus
from inference import reasons, services, worker
from inference.models import Prediction
from tests.factories import make_radiograph

pytestmark = pytest.mark.usefixtures("small_engine")


def work_until_quiet() -> None:
    """Work, and let time pass whenever what is left rests, as a worker and its reaper would."""
    now = timezone.now()
    for pause in range(MAX_ATTEMPTS + 1):
        with time_machine.travel(now + pause * (REST + timedelta(seconds=1)), tick=False):
            while services.work_next():
                pass


def break_answer(monkeypatch, problem, only=None):
    """Let every answer fail (or those for the radiograph `only`)."""
    real = worker.answer

    def failing(prediction):
        if only is None or prediction.radiograph == only:
            raise problem
        return real(prediction)

    monkeypatch.setattr(worker, "answer", failing)


@pytest.fixture
def prediction(model, radiograph) -> Prediction:
    return Prediction.objects.get(radiograph=radiograph)


def test_a_queued_prediction_is_done_with_its_model_pinned(prediction, model):
    assert services.work_next()
    prediction.refresh_from_db()
    assert (prediction.status, prediction.model) == (JobStatus.DONE, model)
    assert 0 < prediction.probability < 1
    assert sum(prediction.probabilities.values()) == pytest.approx(1)


def test_the_class_follows_the_threshold(prediction):
    services.work_next()
    prediction.refresh_from_db()
    is_positive = prediction.probability >= prediction.model.threshold
    assert prediction.predicted_class.is_positive == is_positive


def test_with_nothing_queued_there_is_nothing_to_do(model):
    assert not services.work_next()


def test_the_oldest_is_worked_on_first(model, site):
    first, second = (make_radiograph(site=site, seed=seed) for seed in (1, 2))
    services.work_next()
    assert Prediction.objects.get(status=JobStatus.DONE).radiograph == first
    assert Prediction.objects.get(status=JobStatus.QUEUED).radiograph == second


def test_a_bell_delivered_twice_makes_one_prediction(prediction):
    services.work_next()
    assert not services.work_next()
    assert Prediction.objects.count() == 1


def test_two_workers_never_hold_the_same_row(prediction, monkeypatch):
    inner = []
    real = worker.answer

    def answer_while_another_looks(claimed):
        inner.append(services.work_next())
        return real(claimed)

    monkeypatch.setattr(worker, "answer", answer_while_another_looks)
    services.work_next()
    assert inner == [False]


def test_a_late_writer_writes_nothing(prediction, monkeypatch):
    real = worker.answer

    def too_late(claimed):
        with time_machine.travel(timezone.now() + 2 * LEASE, tick=False):
            Prediction.objects.claim(claimed.pk)
        return real(claimed)

    monkeypatch.setattr(worker, "answer", too_late)
    services.work_next()
    prediction.refresh_from_db()
    assert (prediction.status, prediction.probability) == (JobStatus.RUNNING, None)


def test_the_live_model_is_looked_up_at_each_claim(model, site, make_artifact):
    for seed in (1, 2):
        make_radiograph(site=site, seed=seed)
    services.work_next()
    newer = services.activate(
        target=model.target, artifact_dir=make_artifact("2"), by=None, reason="newer"
    )
    services.work_next()
    done = Prediction.objects.order_by("created_at")
    assert [row.model for row in done] == [model, newer]


def test_two_versions_say_different_things_of_one_radiograph(prediction, model, make_artifact):
    services.work_next()
    services.activate(target=model.target, artifact_dir=make_artifact("2"), by=None, reason="newer")
    services.retry(prediction=prediction)
    services.work_next()
    probabilities = set(Prediction.objects.values_list("probability", flat=True))
    assert len(probabilities) == 2


def test_a_missing_file_fails_at_once(prediction):
    prediction.radiograph.file.delete(save=False)
    services.work_next()
    prediction.refresh_from_db()
    found = (prediction.status, prediction.error_code, prediction.attempts)
    assert found == (JobStatus.FAILED, reasons.FILE_MISSING, 1)


def test_a_file_with_other_pixels_fails(prediction, site):
    other = make_radiograph(site=site, seed=9)
    with other.file.open("rb") as stream:
        content = stream.read()
    Path(prediction.radiograph.file.path).write_bytes(content)
    services.work_next()
    prediction.refresh_from_db()
    assert prediction.error_code == reasons.FILE_DAMAGED


def test_a_torn_file_fails(prediction):
    with Path(prediction.radiograph.file.path).open("r+b") as stream:
        stream.truncate(100)
    services.work_next()
    prediction.refresh_from_db()
    assert prediction.error_code == reasons.FILE_DAMAGED


def test_a_model_whose_files_were_changed_is_refused(prediction, model, settings):
    manifest = settings.ARTIFACTS_DIR / model.artifact / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"threshold": 0.5', '"threshold": 0.1'))
    services.work_next()
    prediction.refresh_from_db()
    assert (prediction.status, prediction.error_code) == (JobStatus.FAILED, reasons.MODEL_REFUSED)


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (MemoryError(), reasons.OUT_OF_MEMORY),
        (OSError(5, "Input/output error"), reasons.STORAGE),
        (RuntimeError("something of torch"), reasons.UNEXPECTED),
    ],
)
def test_a_passing_trouble_gives_the_row_back(prediction, monkeypatch, problem, code):
    break_answer(monkeypatch, problem)
    services.work_next()
    prediction.refresh_from_db()
    found = (prediction.status, prediction.error_code, prediction.attempts)
    assert found == (JobStatus.QUEUED, code, 1)


def test_a_trouble_that_passed_leaves_no_trace(prediction, monkeypatch):
    with monkeypatch.context() as broken:
        break_answer(broken, MemoryError())
        services.work_next()
    work_until_quiet()
    prediction.refresh_from_db()
    assert (prediction.status, prediction.error_code) == (JobStatus.DONE, "")


def test_a_poison_row_fails_after_three_attempts_and_the_others_are_done(model, site, monkeypatch):
    radiographs = [make_radiograph(site=site, seed=seed) for seed in range(4)]
    break_answer(monkeypatch, RuntimeError("poison"), only=radiographs[1])
    work_until_quiet()
    rows = Prediction.objects.order_by("created_at")
    assert [row.status for row in rows] == ["done", "failed", "done", "done"]
    assert rows[1].attempts == MAX_ATTEMPTS


def test_no_patient_data_in_the_log_of_a_failure(prediction, monkeypatch, caplog):
    break_answer(monkeypatch, OSError(2, "no", "/secret/path"))
    services.work_next()
    assert "FileNotFoundError" in caplog.text
    assert "/secret/path" not in caplog.text


def test_an_answer_that_was_already_given_is_not_stored_twice(prediction, model, predicted):
    predicted(prediction.radiograph, 0.9, model)
    services.work_next()
    prediction.refresh_from_db()
    assert prediction.status == JobStatus.CANCELLED


def test_a_radiograph_deleted_during_the_work_is_no_trouble(prediction, monkeypatch):
    real = worker.answer

    def answer_then_delete(claimed):
        answer = real(claimed)
        claimed.radiograph.delete()
        return answer

    monkeypatch.setattr(worker, "answer", answer_then_delete)
    assert services.work_next()
    assert not Prediction.objects.exists()
