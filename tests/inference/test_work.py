"""Working on predictions: each ends done, failed with a reason, or queued for another try."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import time_machine
from django.db import DatabaseError
from django.utils import timezone

from core.jobs import LEASE, MAX_ATTEMPTS, REST, JobStatus
from inference import inputs, reasons, services, worker
from inference.ml.preprocess import network_input
from inference.models import FeatureVector, GateOverride, Prediction, StageTimings, Urgency
from tests.engines import ClosedGate, OpenGate
from tests.factories import UserFactory, make_radiograph

pytestmark = pytest.mark.usefixtures("small_engine")


def work_until_quiet() -> None:
    """Work, and let time pass whenever what is left rests, as a worker and its reaper would."""
    now = timezone.now()
    for pause in range(MAX_ATTEMPTS + 1):
        with time_machine.travel(now + pause * (REST + timedelta(seconds=1)), tick=False):
            while services.work_next():
                pass


def break_extractor(monkeypatch, problem, only=None):
    """Let the extractor fail: always, or for batches that hold the input of `only`."""
    engine = worker.engine()
    poison = None if only is None else inputs.input_of(only).grey

    def failing(batch):
        if poison is None or any(np.array_equal(row, network_input(poison)) for row in batch):
            raise problem
        return type(engine).features_of(engine, batch)

    monkeypatch.setattr(engine, "features_of", failing)


def during_the_work(monkeypatch, happening):
    """Let something happen while the features of a claimed batch are made."""
    engine = worker.engine()

    def busy(batch):
        happening()
        return type(engine).features_of(engine, batch)

    monkeypatch.setattr(engine, "features_of", busy)


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


def test_radiographs_that_wait_share_a_batch(model, site, small_engine):
    uploader = UserFactory(site=site)
    for seed in range(6):
        make_radiograph(uploader=uploader, seed=seed)
    services.work_next()
    services.work_next()
    assert small_engine.batches == [4, 2]


def test_the_oldest_are_worked_on_first(model, site):
    uploader = UserFactory(site=site)
    radiographs = [make_radiograph(uploader=uploader, seed=seed) for seed in range(6)]
    services.work_next()
    done = Prediction.objects.filter(status=JobStatus.DONE)
    assert {row.radiograph for row in done} == set(radiographs[:4])


def test_a_single_radiograph_overtakes_anothers_batch(model, site):
    busy = UserFactory(site=site)
    for seed in range(12):
        make_radiograph(uploader=busy, seed=seed)
    Prediction.objects.update(urgency=Urgency.BULK)
    single = make_radiograph(uploader=UserFactory(site=site), seed=99)
    services.work_next()
    assert Prediction.objects.get(status=JobStatus.DONE).radiograph == single


def test_a_bell_delivered_twice_makes_one_prediction(prediction):
    services.work_next()
    assert not services.work_next()
    assert Prediction.objects.count() == 1


def test_two_workers_never_hold_the_same_row(prediction, monkeypatch):
    inner = []
    during_the_work(monkeypatch, lambda: inner.append(services.work_next()))
    services.work_next()
    assert inner == [False]


def test_a_late_writer_writes_nothing(prediction, monkeypatch):
    def another_claims_it():
        with time_machine.travel(timezone.now() + 2 * LEASE, tick=False):
            assert Prediction.objects.claim(prediction.pk)

    during_the_work(monkeypatch, another_claims_it)
    services.work_next()
    prediction.refresh_from_db()
    assert (prediction.status, prediction.probability) == (JobStatus.RUNNING, None)


def test_the_next_micro_batch_is_the_newer_models(model, site, make_artifact):
    make_radiograph(site=site, seed=1)
    services.work_next()
    make_radiograph(site=site, seed=2)
    newer = services.activate(
        target=model.target, artifact_dir=make_artifact("2"), by=None, reason="newer"
    )
    services.work_next()
    done = Prediction.objects.order_by("created_at")
    assert [row.model for row in done] == [model, newer]


def test_no_batch_mixes_two_versions(model, site, make_artifact, monkeypatch):
    for seed in range(3):
        make_radiograph(site=site, seed=seed)
    during_the_work(
        monkeypatch,
        lambda: services.activate(
            target=model.target, artifact_dir=make_artifact("2"), by=None, reason="newer"
        ),
    )
    services.work_next()
    assert set(Prediction.objects.values_list("model", flat=True)) == {model.pk}


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
    break_extractor(monkeypatch, problem)
    services.work_next()
    prediction.refresh_from_db()
    found = (prediction.status, prediction.error_code, prediction.attempts)
    assert found == (JobStatus.QUEUED, code, 1)


def test_a_trouble_that_passed_leaves_no_trace(prediction, monkeypatch):
    with monkeypatch.context() as broken:
        break_extractor(broken, MemoryError())
        services.work_next()
    work_until_quiet()
    prediction.refresh_from_db()
    assert (prediction.status, prediction.error_code) == (JobStatus.DONE, "")


def test_a_poison_row_fails_after_three_attempts_and_the_others_are_done(model, site, monkeypatch):
    radiographs = [make_radiograph(site=site, seed=seed) for seed in range(4)]
    break_extractor(monkeypatch, RuntimeError("poison"), only=radiographs[1])
    work_until_quiet()
    rows = Prediction.objects.order_by("created_at")
    assert [row.status for row in rows] == ["done", "failed", "done", "done"]
    assert rows[1].attempts == MAX_ATTEMPTS


def test_no_patient_data_in_the_log_of_a_failure(prediction, monkeypatch, caplog):
    break_extractor(monkeypatch, OSError(2, "no", "/secret/path"))
    services.work_next()
    assert "FileNotFoundError" in caplog.text
    assert "/secret/path" not in caplog.text


def test_an_answer_that_was_already_given_is_not_stored_twice(prediction, model, predicted):
    predicted(prediction.radiograph, 0.9, model)
    services.work_next()
    prediction.refresh_from_db()
    assert prediction.status == JobStatus.CANCELLED


def test_a_radiograph_deleted_during_the_work_is_no_trouble(prediction, monkeypatch):
    during_the_work(monkeypatch, prediction.radiograph.delete)
    assert services.work_next()
    assert not Prediction.objects.exists()
    assert not FeatureVector.objects.exists()


def test_one_bad_file_fails_for_itself_alone(model, site):
    radiographs = [make_radiograph(site=site, seed=seed) for seed in range(4)]
    Path(radiographs[2].file.path).write_bytes(b"torn")
    services.work_next()
    rows = Prediction.objects.order_by("created_at")
    assert [row.status for row in rows] == ["done", "done", "failed", "done"]


def test_one_bad_input_fails_for_itself_alone(model, site, monkeypatch):
    radiographs = [make_radiograph(site=site, seed=seed) for seed in range(4)]
    break_extractor(monkeypatch, RuntimeError("poison"), only=radiographs[2])
    services.work_next()
    rows = Prediction.objects.order_by("created_at")
    assert [row.status for row in rows] == ["done", "done", "queued", "done"]


def test_cached_features_cost_only_the_head(prediction, model, make_artifact, small_engine):
    services.work_next()
    services.activate(target=model.target, artifact_dir=make_artifact("2"), by=None, reason="newer")
    services.retry(prediction=prediction)
    services.work_next()
    newest = Prediction.objects.newest_first().first()
    assert (newest.status, newest.features_were_cached) == (JobStatus.DONE, True)
    assert small_engine.calls == 1


def test_the_engine_is_named(prediction):
    services.work_next()
    prediction.refresh_from_db()
    assert prediction.engine == {
        "name": "small", "device": "cpu", "precision": "fp32", "version": "1",
    }  # fmt: skip


def test_the_stages_are_timed(prediction):
    services.work_next()
    stages = prediction.stages
    needed = (stages.fetch, stages.decode, stages.preprocess, stages.features, stages.head)
    assert all(spent >= 0 for spent in (*needed, stages.gate, stages.store))
    assert stages.batch == 1


def test_timings_that_cannot_be_kept_cost_no_answer(prediction, monkeypatch):
    def refuse(*_, **__):
        raise DatabaseError

    monkeypatch.setattr(StageTimings.objects, "bulk_create", refuse)
    services.work_next()
    prediction.refresh_from_db()
    assert prediction.status == JobStatus.DONE


def test_what_the_gate_stops_has_no_answer(prediction, monkeypatch):
    close_gate(monkeypatch)
    services.work_next()
    prediction.refresh_from_db()
    assert (prediction.status, prediction.error_code) == (JobStatus.FAILED, reasons.NOT_FRONTAL)
    assert (prediction.probability, prediction.gate_score) == (None, 0.1)


def test_what_the_gate_stopped_is_answered_where_a_person_vouches(prediction, monkeypatch, doctor):
    close_gate(monkeypatch)
    GateOverride.objects.create(
        radiograph=prediction.radiograph, overridden_by=doctor, reason="A portable film"
    )
    services.work_next()
    prediction.refresh_from_db()
    assert (prediction.status, prediction.gate_score) == (JobStatus.DONE, 0.1)


def test_one_gate_measures_nothing_twice(prediction, model, make_artifact, monkeypatch):
    services.work_next()
    services.activate(target=model.target, artifact_dir=make_artifact("2"), by=None, reason="newer")
    services.retry(prediction=prediction)
    monkeypatch.setattr(OpenGate, "judge", None)
    services.work_next()
    newest = Prediction.objects.newest_first().first()
    assert (newest.status, newest.gate_score) == (JobStatus.DONE, 0.9)


def test_another_gate_measures_anew(prediction, model, make_artifact, monkeypatch):
    services.work_next()
    services.activate(target=model.target, artifact_dir=make_artifact("2"), by=None, reason="newer")
    services.retry(prediction=prediction)
    close_gate(monkeypatch)
    services.work_next()
    assert Prediction.objects.newest_first().first().error_code == reasons.NOT_FRONTAL


def close_gate(monkeypatch):
    monkeypatch.setattr("inference.gate.shipped_gate", ClosedGate)
