"""Asking for predictions: by the signal of a stored radiograph, by a person, by the reaper."""

from django.db import transaction

from core.jobs import JobStatus
from images.services import restore, trash
from inference import services
from inference.models import DeployedModel, Prediction, Urgency
from inference.services.queue import A_BATCH
from tests.factories import make_radiograph

BELL = "inference.tasks.predict.predict_waiting"


def statuses(radiograph):
    rows = Prediction.objects.filter(radiograph=radiograph).order_by("created_at")
    return list(rows.values_list("status", flat=True))


def test_a_stored_radiograph_is_queued_for_the_live_model(paper_model, radiograph):
    assert Prediction.objects.get().target == paper_model.target
    assert statuses(radiograph) == [JobStatus.QUEUED]


def test_without_a_live_model_nothing_is_queued(radiograph):
    assert statuses(radiograph) == []


def test_a_target_that_is_switched_off_asks_nobody(paper_model, target, site):
    target.is_active = False
    target.save()
    assert statuses(make_radiograph(site=site)) == []


def test_the_bell_rings_once_the_row_is_committed(
    paper_model, radiograph, rung, django_capture_on_commit_callbacks
):
    Prediction.objects.all().delete()
    with django_capture_on_commit_callbacks(execute=True):
        services.request_predictions(radiographs=[radiograph])
        assert rung == []
    assert rung == [BELL]


def test_a_rolled_back_upload_leaves_no_row_and_no_bell(
    paper_model, radiograph, rung, django_capture_on_commit_callbacks
):
    Prediction.objects.all().delete()
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        services.request_predictions(radiographs=[radiograph])
        transaction.set_rollback(True)
    assert rung == []
    assert statuses(radiograph) == []


def test_asking_twice_makes_one_row(paper_model, radiograph):
    services.request_predictions(radiographs=[radiograph])
    assert statuses(radiograph) == [JobStatus.QUEUED]


def test_a_restored_radiograph_that_has_its_answer_asks_nothing_new(
    radiograph, predicted, paper_model, health_worker
):
    predicted(radiograph, 0.9, paper_model)
    trash(radiograph=radiograph, by=health_worker)
    restore(radiograph=radiograph)
    assert statuses(radiograph) == [JobStatus.DONE]


def test_a_newer_model_is_asked_at_restore(radiograph, predicted, paper_model, health_worker):
    predicted(radiograph, 0.9, paper_model)
    DeployedModel.objects.create(target=paper_model.target, version="2", threshold=0.5)
    trash(radiograph=radiograph, by=health_worker)
    restore(radiograph=radiograph)
    assert statuses(radiograph) == [JobStatus.DONE, JobStatus.QUEUED]


def test_a_failed_prediction_can_be_asked_for_again(radiograph, paper_model, failed):
    assert services.retry(prediction=failed(radiograph)) == 1
    assert statuses(radiograph) == [JobStatus.FAILED, JobStatus.QUEUED]


def test_asking_again_twice_queues_once(radiograph, paper_model, failed):
    row = failed(radiograph)
    services.retry(prediction=row)
    assert services.retry(prediction=row) == 0
    assert statuses(radiograph) == [JobStatus.FAILED, JobStatus.QUEUED]


def test_what_the_live_model_answered_is_not_asked_again(radiograph, paper_model, predicted):
    assert services.retry(prediction=predicted(radiograph, 0.9, paper_model)) == 0


def test_a_radiograph_in_the_trash_is_not_asked_for(radiograph, paper_model, failed, health_worker):
    row = failed(radiograph)
    trash(radiograph=radiograph, by=health_worker)
    row.radiograph.refresh_from_db()
    assert services.retry(prediction=row) == 0


def test_radiographs_that_came_before_the_model_are_queued(radiograph, paper_model):
    assert services.queue_missing() == 1
    assert statuses(radiograph) == [JobStatus.QUEUED]


def test_a_failure_is_not_retried_for_ever(radiograph, paper_model, failed):
    failed(radiograph)
    assert services.queue_missing() == 0


def test_what_is_in_the_trash_is_not_queued(radiograph, paper_model, health_worker):
    Prediction.objects.all().delete()
    trash(radiograph=radiograph, by=health_worker)
    assert services.queue_missing() == 0


def test_a_pass_is_bounded(site, paper_model):
    for seed in range(3):
        make_radiograph(site=site, seed=seed)
    Prediction.objects.all().delete()
    assert services.queue_missing(limit=2) == 2
    assert services.queue_missing(limit=2) == 1


def test_the_uploader_is_who_waits(paper_model, radiograph):
    row = Prediction.objects.get()
    assert (row.requested_by, row.urgency) == (radiograph.uploader, Urgency.INTERACTIVE)


def test_what_comes_on_top_of_many_is_a_batch(paper_model, doctor):
    for seed in range(A_BATCH + 2):
        make_radiograph(uploader=doctor, seed=seed)
    assert Prediction.objects.filter(urgency=Urgency.BULK).count() == 2


def test_anothers_batch_is_not_ones_own(paper_model, doctor, health_worker):
    for seed in range(A_BATCH):
        make_radiograph(uploader=doctor, seed=seed)
    make_radiograph(uploader=health_worker, seed=99)
    assert not Prediction.objects.filter(urgency=Urgency.BULK).exists()


def test_what_the_platform_asks_for_itself_comes_last(paper_model, radiograph):
    Prediction.objects.all().delete()
    services.queue_missing()
    row = Prediction.objects.get()
    assert (row.requested_by, row.urgency) == (None, Urgency.BACKGROUND)


def test_who_asks_again_is_who_waits(radiograph, paper_model, failed, doctor):
    services.retry(prediction=failed(radiograph), by=doctor)
    assert Prediction.objects.newest_first().first().requested_by == doctor
