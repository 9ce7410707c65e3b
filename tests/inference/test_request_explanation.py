"""Asking for a heat map."""

import pytest
from django.db import transaction

from core.jobs import JobStatus
from images.services import trash
from inference import services
from inference.models import Explanation, Method, Prediction
from inference.models.explanation import ExplanationQuerySet

BELL = "inference.tasks.explain.explain_waiting"


@pytest.fixture
def prediction(radiograph, paper_model, predicted) -> Prediction:
    return predicted(radiograph, 0.9, paper_model)


@pytest.fixture
def ask(prediction, doctor):
    """`ask(method) -> Explanation | None`."""
    return lambda method=Method.GRAD_CAM: services.request_explanation(
        prediction=prediction, method=method, by=doctor
    )


def test_the_first_request_is_queued_for_who_asked(ask, prediction, doctor):
    made = ask()
    assert (made.status, made.prediction, made.requested_by) == ("queued", prediction, doctor)


@pytest.mark.parametrize("status", [JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.DONE])
def test_what_is_there_or_on_its_way_is_not_made_again(ask, status):
    first = ask()
    Explanation.objects.update(status=status)
    assert ask() == first
    assert Explanation.objects.count() == 1


@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.CANCELLED])
def test_after_a_failure_a_new_one_is_queued(ask, status):
    first = ask()
    Explanation.objects.update(status=status)
    assert ask() != first
    assert set(Explanation.objects.values_list("status", flat=True)) == {status, "queued"}


def test_each_method_has_its_own(ask):
    assert ask(Method.GRAD_CAM) != ask(Method.FAST_CAM)


@pytest.mark.parametrize("status", [JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.FAILED])
def test_without_a_result_there_is_nothing_to_explain(ask, prediction, status):
    prediction.status = status
    assert ask() is None
    assert not Explanation.objects.exists()


def test_nothing_is_asked_of_the_trash(ask, prediction, doctor):
    trash(radiograph=prediction.radiograph, by=doctor)
    prediction.radiograph.refresh_from_db()
    assert ask() is None


def test_the_bell_rings_once_the_row_is_committed(ask, rung, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        ask()
        assert rung == []
    assert rung == [BELL]


def test_a_second_request_rings_no_bell(ask, rung, django_capture_on_commit_callbacks):
    ask()
    with django_capture_on_commit_callbacks(execute=True):
        ask()
    assert rung == []


def test_a_request_that_is_rolled_back_leaves_nothing(
    ask, rung, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        ask()
        transaction.set_rollback(True)
    assert (rung, Explanation.objects.count()) == ([], 0)


def test_a_race_is_settled_by_the_database(ask, monkeypatch):
    first = ask()
    look = ExplanationQuerySet.get

    def too_early(*_, **__):
        monkeypatch.setattr(ExplanationQuerySet, "get", look)
        raise Explanation.DoesNotExist

    monkeypatch.setattr(ExplanationQuerySet, "get", too_early)
    assert ask() == first
