"""Drawing heat maps: each ends done, failed with a reason, or queued for another try."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import time_machine
from django.utils import timezone
from PIL import Image

from core.errors import PermanentError
from core.jobs import LEASE, MAX_ATTEMPTS, REST, WORKER_DIED, JobStatus
from images.errors import StorageFull
from images.services import delete_for_good, trash
from images.storage import DurableFileSystemStorage
from inference import features, reasons, services, tasks, worker
from inference.features import FeatureKey
from inference.ml.explain import METHOD_VERSION, OVERLAY_SHAPE
from inference.models import DeployedModel, Explanation, Method, Prediction
from inference.services import explain
from tests.factories import make_radiograph

BELL = "inference.tasks.explain.explain_waiting"


def put_in_service(target, artifact_dir) -> DeployedModel:
    return services.activate(target=target, artifact_dir=artifact_dir, by=None, reason="test")


@pytest.fixture
def model(target, make_artifact) -> DeployedModel:
    """Its untrained head finds much that speaks for COVID-19 in the features of `SmallEngine`."""
    return put_in_service(target, make_artifact("3"))


@pytest.fixture
def prediction(radiograph, model, predicted, small_engine) -> Prediction:
    return predicted(radiograph, 0.9, model)


@pytest.fixture
def explanation(prediction) -> Explanation:
    return Explanation.objects.create(prediction=prediction, method=Method.GRAD_CAM)


@pytest.fixture
def pictures(settings):
    """`pictures() -> list[Path]`: those that are on the disk."""
    return lambda: sorted((settings.MEDIA_ROOT / "explanations").rglob("*.*"))


def work(explanation) -> Explanation:
    assert services.work_next_explanation()
    explanation.refresh_from_db()
    return explanation


def break_drawing(monkeypatch, problem):
    def failing(*_):
        raise problem

    monkeypatch.setattr(explain, "heat_map", failing)


def cut_in(monkeypatch, deed):
    """Let something happen between the drawing and the storing."""
    real = explain.heat_map

    def draw_then(*facts):
        heat = real(*facts)
        deed()
        return heat

    monkeypatch.setattr(explain, "heat_map", draw_then)


@pytest.mark.parametrize("method", Method)
def test_a_queued_map_is_drawn_and_kept(explanation, method):
    Explanation.objects.update(method=method)
    done = work(explanation)
    assert (done.status, done.method_version) == (JobStatus.DONE, METHOD_VERSION)
    assert done.milliseconds is not None
    with Image.open(done.overlay) as picture:
        assert (picture.size, picture.format) == (OVERLAY_SHAPE, "PNG")


def test_the_picture_is_private_and_names_nobody(explanation, pictures):
    work(explanation)
    [path] = pictures()
    assert path.stat().st_mode & 0o777 == 0o600
    assert str(explanation.prediction.radiograph_id) not in path.name
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_with_nothing_queued_there_is_nothing_to_do(prediction):
    assert not services.work_next_explanation()


def overlay_of(prediction, method=Method.FAST_CAM) -> bytes:
    """A map drawn anew."""
    Explanation.objects.all().delete()
    drawn = work(Explanation.objects.create(prediction=prediction, method=method))
    with drawn.overlay.open("rb") as stream:
        return stream.read()


def keep_features(prediction) -> None:
    """As the worker that made the prediction left them."""
    radiograph, model = prediction.radiograph, prediction.model
    [vector] = worker.engine().features_of(worker.input_of(radiograph)[None])
    key = FeatureKey(radiograph.pixel_sha256, model.extractor, model.preprocessing)
    features.keep_many({key: vector})


def test_without_cached_features_they_are_made(prediction):
    of_the_network = overlay_of(prediction)
    keep_features(prediction)
    assert overlay_of(prediction) == of_the_network


def test_with_cached_features_the_radiograph_is_not_read(prediction):
    keep_features(prediction)
    Path(prediction.radiograph.file.path).unlink()
    assert overlay_of(prediction)


def test_the_model_of_the_prediction_draws_whichever_is_live(prediction, make_artifact):
    before = overlay_of(prediction)
    put_in_service(prediction.target, make_artifact("2"))
    assert overlay_of(prediction) == before


def test_another_model_draws_another_map(prediction, make_artifact):
    before = overlay_of(prediction)
    newer = put_in_service(prediction.target, make_artifact("2"))
    Prediction.objects.filter(pk=prediction.pk).update(model=newer)
    assert overlay_of(prediction) != before


def test_where_no_region_speaks_there_is_no_picture(explanation, monkeypatch, pictures):
    monkeypatch.setattr(explain, "heat_map", lambda *_: np.zeros((14, 14), np.float32))
    done = work(explanation)
    assert done.is_empty
    assert not done.is_drawn
    assert pictures() == []


def test_a_model_whose_files_are_gone_is_a_reason(explanation, settings):
    artifact = settings.ARTIFACTS_DIR / explanation.prediction.model.artifact
    (artifact / "manifest.json").unlink()
    failed = work(explanation)
    assert (failed.status, failed.error_code) == (JobStatus.FAILED, reasons.MODEL_REFUSED)


def test_a_model_whose_weights_were_changed_is_a_reason(explanation, settings):
    artifact = settings.ARTIFACTS_DIR / explanation.prediction.model.artifact
    (artifact / "head.safetensors").write_bytes(b"other")
    failed = work(explanation)
    assert (failed.status, failed.error_code) == (JobStatus.FAILED, reasons.MODEL_REFUSED)


def test_a_missing_radiograph_is_a_reason(explanation):
    Path(explanation.prediction.radiograph.file.path).unlink()
    failed = work(explanation)
    found = (failed.status, failed.error_code, failed.attempts)
    assert found == (JobStatus.FAILED, reasons.FILE_MISSING, 1)


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (MemoryError(), reasons.OUT_OF_MEMORY),
        (OSError(5, "Input/output error"), reasons.STORAGE),
        (StorageFull(), reasons.STORAGE),
        (RuntimeError("something of torch"), reasons.UNEXPECTED),
    ],
)
def test_a_passing_trouble_gives_the_row_back(explanation, monkeypatch, problem, code):
    break_drawing(monkeypatch, problem)
    given_back = work(explanation)
    found = (given_back.status, given_back.error_code, given_back.attempts)
    assert found == (JobStatus.QUEUED, code, 1)


def test_what_never_works_fails_after_three_attempts(explanation, monkeypatch):
    break_drawing(monkeypatch, RuntimeError("poison"))
    for _ in range(MAX_ATTEMPTS):
        with time_machine.travel(timezone.now() + 2 * REST, tick=False):
            Explanation.objects.update(lease_until=None)
            work(explanation)
    assert explanation.status == JobStatus.FAILED


def test_a_full_disk_leaves_no_half_picture(explanation, monkeypatch, pictures):
    def full(*_, **__):
        raise StorageFull

    monkeypatch.setattr(DurableFileSystemStorage, "save", full)
    assert work(explanation).error_code == reasons.STORAGE
    assert pictures() == []


def test_no_patient_data_in_the_log_of_a_failure(explanation, monkeypatch, caplog):
    break_drawing(monkeypatch, OSError(2, "no", "/secret/path"))
    work(explanation)
    assert "FileNotFoundError" in caplog.text
    assert "/secret/path" not in caplog.text


def test_a_lost_lease_writes_nothing_and_leaves_no_picture(explanation, monkeypatch, pictures):
    cut_in(monkeypatch, lambda: Explanation.objects.update(owner="another"))
    running = work(explanation)
    assert (running.status, running.overlay.name, pictures()) == (JobStatus.RUNNING, "", [])


def test_a_lease_lost_while_the_picture_is_written_removes_it(explanation, monkeypatch, pictures):
    real = DurableFileSystemStorage.save

    def save_late(*facts, **more):
        Explanation.objects.update(owner="another")
        return real(*facts, **more)

    monkeypatch.setattr(DurableFileSystemStorage, "save", save_late)
    assert work(explanation).status == JobStatus.RUNNING
    assert pictures() == []


def test_what_a_killed_attempt_had_written_is_removed(explanation, pictures):
    work(explanation)
    Explanation.objects.update(status=JobStatus.QUEUED)  # as if killed before the end
    [before] = pictures()
    work(explanation)
    [after] = pictures()
    assert before != after


def test_a_radiograph_deleted_during_the_work_leaves_no_picture(
    explanation, monkeypatch, pictures, django_capture_on_commit_callbacks
):
    cut_in(monkeypatch, lambda: explanation.prediction.radiograph.delete())
    with django_capture_on_commit_callbacks(execute=True):
        assert services.work_next_explanation()
    assert (Explanation.objects.count(), pictures()) == (0, [])


def test_the_picture_goes_with_its_radiograph(
    explanation, doctor, pictures, django_capture_on_commit_callbacks
):
    work(explanation)
    radiograph = explanation.prediction.radiograph
    trash(radiograph=radiograph, by=doctor)
    assert len(pictures()) == 1
    with django_capture_on_commit_callbacks(execute=True):
        delete_for_good(radiograph=radiograph)
        assert len(pictures()) == 1
    assert pictures() == []


def test_whoever_waits_for_the_fewest_is_served_first(
    site, model, predicted, small_engine, doctor, health_worker
):
    asked = [(0, doctor), (1, doctor), (2, health_worker)]
    for seed, person in asked:
        row = predicted(make_radiograph(site=site, seed=seed), 0.9, model)
        services.request_explanation(prediction=row, method=Method.FAST_CAM, by=person)
    services.work_next_explanation()
    done = Explanation.objects.get(status=JobStatus.DONE)
    assert done.requested_by == health_worker


def test_one_bell_draws_one_map_and_rings_for_the_next(explanation, rung):
    Explanation.objects.create(prediction=explanation.prediction, method=Method.FAST_CAM)
    tasks.explain_waiting.run()
    assert rung == [BELL]
    tasks.explain_waiting.run()
    assert rung == [BELL]
    assert Explanation.objects.filter(status=JobStatus.DONE).count() == 2


def test_without_weights_the_map_waits_and_no_attempt_is_spent(explanation, monkeypatch):
    monkeypatch.setattr("inference.worker.is_ready", lambda: False)
    tasks.explain_waiting.run()
    explanation.refresh_from_db()
    assert (explanation.status, explanation.attempts) == (JobStatus.QUEUED, 0)


def test_the_reaper_rings_for_what_lost_its_bell(explanation, rung):
    services.reap_explanations()
    assert rung == [BELL]


def test_the_reaper_is_silent_when_nothing_waits(prediction, rung):
    services.reap_explanations()
    assert rung == []


def test_the_reaper_rings_for_a_dead_worker_once_its_lease_is_over(explanation, rung):
    assert Explanation.objects.claim(explanation.pk)
    services.reap_explanations()
    assert rung == []
    with time_machine.travel(timezone.now() + LEASE + timedelta(seconds=1), tick=False):
        services.reap_explanations()
    assert rung == [BELL]


def test_the_reaper_buries_what_killed_three_workers(explanation, rung):
    Explanation.objects.update(
        status=JobStatus.RUNNING, attempts=MAX_ATTEMPTS, lease_until=timezone.now() - LEASE
    )
    services.reap_explanations()
    explanation.refresh_from_db()
    assert (explanation.status, explanation.error_code) == (JobStatus.FAILED, WORKER_DIED)


def test_a_prediction_without_a_model_cannot_be_drawn(prediction):
    from inference.heat_maps import heat_map

    prediction.model = None
    with pytest.raises(PermanentError, match=reasons.MODEL_MISSING):
        heat_map(prediction, Method.GRAD_CAM)
