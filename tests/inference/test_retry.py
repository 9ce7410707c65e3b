"""Asking for another prediction from the panel."""

import pytest
from django.urls import reverse

from core.jobs import JobStatus
from images.services import trash
from inference.models import Prediction
from tests.factories import state_truth


@pytest.fixture
def row(radiograph, paper_model, failed) -> Prediction:
    return failed(radiograph)


def url_of(row):
    return reverse("inference:retry", args=[row.pk])


def count_queued():
    return Prediction.objects.filter(status=JobStatus.QUEUED).count()


@pytest.mark.parametrize(
    ("who", "status", "queued"),
    [
        ("anonymous", 302, 0),
        ("pending", 302, 0),
        ("health_worker", 302, 1),
        ("doctor", 302, 1),
        ("researcher", 403, 0),
        ("administrator", 302, 1),
        ("site_administrator", 302, 1),
        ("stranger", 404, 0),
    ],
)
def test_who_may_ask_again(actor, row, who, status, queued):
    assert actor(who).post(url_of(row)).status_code == status
    assert count_queued() == queued


def test_a_researcher_may_not_even_for_a_case_they_see(actor, row):
    state_truth(row.radiograph, "positive")
    assert actor("researcher").post(url_of(row)).status_code == 403


def test_reading_asks_for_nothing(actor, row):
    assert actor("doctor").get(url_of(row)).status_code == 405
    assert count_queued() == 0


def test_without_htmx_it_goes_back_to_the_radiograph(actor, row):
    response = actor("doctor").post(url_of(row))
    assert response["Location"] == row.radiograph.get_absolute_url()


def test_with_htmx_the_new_panel_comes_back(actor, row):
    response = actor("doctor").post(url_of(row), headers={"HX-Request": "true"})
    assert response.status_code == 200
    assert b'id="predictions"' in response.content
    assert b"hx-trigger" in response.content


def test_the_failed_row_stays_as_it_was(actor, row):
    actor("doctor").post(url_of(row))
    row.refresh_from_db()
    assert row.status == JobStatus.FAILED


def test_two_clicks_queue_one(actor, row):
    client = actor("doctor")
    client.post(url_of(row))
    client.post(url_of(row))
    assert count_queued() == 1


def test_a_radiograph_in_the_trash_is_left_alone(actor, row, doctor):
    trash(radiograph=row.radiograph, by=doctor)
    actor("doctor").post(url_of(row))
    assert count_queued() == 0


def test_a_foreign_page_cannot_ask(row, doctor):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(doctor, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post(url_of(row)).status_code == 403
    assert count_queued() == 0
