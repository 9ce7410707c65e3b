"""The result on a radiograph's page."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from core.jobs import JobStatus
from images.services import trash
from inference.models import DeployedModel, Prediction
from tests.factories import make_radiograph, state_truth

STOP = 286


def url_of(radiograph):
    return reverse("inference:panel", args=[radiograph.pk])


def text_of(response) -> str:
    return " ".join(response.content.decode().split())


@pytest.fixture
def see(sign_in, health_worker):
    """`see(radiograph) -> (status, text)` in English."""
    client = sign_in(health_worker)
    client.cookies["django_language"] = "en"

    def get(radiograph, **query):
        response = client.get(url_of(radiograph), query)
        return response.status_code, text_of(response)

    return get


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 302),
        ("pending", 302),
        ("health_worker", STOP),
        ("doctor", STOP),
        ("researcher", 404),
        ("administrator", STOP),
        ("site_administrator", STOP),
        ("stranger", 404),
    ],
)
def test_who_sees_the_panel(actor, radiograph, paper_model, predicted, who, status):
    predicted(radiograph, 0.9, paper_model)
    assert actor(who).get(url_of(radiograph)).status_code == status


def test_a_researcher_sees_it_for_a_confirmed_case(actor, radiograph, paper_model, predicted):
    state_truth(radiograph, "positive")
    predicted(radiograph, 0.9, paper_model)
    response = actor("researcher").get(url_of(radiograph))
    assert response.status_code == STOP
    assert b"<form" not in response.content


def test_a_radiograph_that_does_not_exist_is_not_found(actor, doctor):
    missing = reverse("inference:panel", args=["00000000-0000-4000-8000-000000000000"])
    assert actor("doctor").get(missing).status_code == 404


def test_while_waiting_it_asks_again_every_second(see, paper_model, radiograph):
    status, text = see(radiograph)
    assert status == 200
    assert 'hx-trigger="every 1s"' in text
    assert "Waiting" in text


def test_a_poll_that_would_change_nothing_is_empty(see, paper_model, radiograph):
    _, text = see(radiograph)
    seen = text.split("?seen=")[1].split('"')[0]
    assert see(radiograph, seen=seen) == (204, "")


def test_a_poll_after_the_work_began_is_not_empty(see, paper_model, radiograph):
    _, text = see(radiograph)
    seen = text.split("?seen=")[1].split('"')[0]
    Prediction.objects.claim(Prediction.objects.get().pk)
    status, text = see(radiograph, seen=seen)
    assert status == 200
    assert "In progress" in text


@pytest.mark.parametrize(
    ("minutes", "trigger"), [(0, "every 1s"), (0.5, "every 2s"), (3, "every 5s"), (60, "every 30s")]
)
def test_the_longer_the_wait_the_rarer_the_polls(see, paper_model, radiograph, minutes, trigger):
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=False):
        _, text = see(radiograph)
    assert f'hx-trigger="{trigger}"' in text


def test_a_long_wait_is_explained(see, paper_model, radiograph):
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
        _, text = see(radiograph)
    assert "longer than usual" in text


@pytest.mark.parametrize("end", ["done", "failed"])
def test_at_the_end_polling_stops(see, radiograph, paper_model, predicted, failed, end):
    predicted(radiograph, 0.9, paper_model) if end == "done" else failed(radiograph)
    status, text = see(radiograph)
    assert status == STOP
    assert 'hx-trigger="every' not in text


def test_a_result_says_what_it_is_worth(see, radiograph, paper_model, predicted):
    predicted(radiograph, 0.87349, paper_model)
    _, text = see(radiograph)
    for words in (
        "result-positive", "87.3 %", "Counts as positive from 50.0 %", "1.0", "Sensitivity",
        "80.0 % – 95.0 %", "181 radiographs (22 positive)", "RT-PCR decides", "For research only.",
    ):  # fmt: skip
        assert words in text


def test_a_result_near_the_threshold_says_so(see, radiograph, paper_model, predicted):
    predicted(radiograph, 0.55, paper_model)
    _, text = see(radiograph)
    assert "result-uncertain" in text
    assert "Do not rely on it." in text


def test_a_clear_result_is_not_called_uncertain(see, radiograph, paper_model, predicted):
    predicted(radiograph, 0.05, paper_model)
    _, text = see(radiograph)
    assert "result-negative" in text
    assert "ncertain" not in text


def test_a_failure_is_told_in_a_sentence(see, radiograph, paper_model, failed):
    failed(radiograph, "file-missing")
    _, text = see(radiograph)
    assert "Upload the radiograph again." in text
    assert "file-missing" not in text


def test_a_failure_can_be_tried_again(see, radiograph, paper_model, failed):
    row = failed(radiograph)
    _, text = see(radiograph)
    assert reverse("inference:retry", args=[row.pk]) in text


def test_a_result_of_the_live_model_offers_no_retry(see, radiograph, paper_model, predicted):
    predicted(radiograph, 0.9, paper_model)
    _, text = see(radiograph)
    assert "<form" not in text


def test_a_newer_model_can_be_asked(see, radiograph, paper_model, predicted):
    predicted(radiograph, 0.9, paper_model)
    DeployedModel.objects.create(target=paper_model.target, version="2.0", threshold=0.5)
    _, text = see(radiograph)
    assert "Predict with the newer model" in text


def test_earlier_predictions_stay_with_their_model(see, radiograph, paper_model, predicted):
    predicted(radiograph, 0.9, paper_model)
    newer = DeployedModel.objects.create(target=paper_model.target, version="2.0", threshold=0.5)
    predicted(radiograph, 0.1, newer)
    _, text = see(radiograph)
    result, history = text.split("Earlier predictions")
    assert "2.0" in result
    assert "1.0" in history
    assert "90.0 %" in history


def test_without_a_model_it_says_so(see, radiograph):
    status, text = see(radiograph)
    assert status == STOP
    assert "No model is in service yet" in text


def test_what_the_reaper_will_queue_counts_as_waiting(see, radiograph, paper_model):
    assert not Prediction.objects.exists()
    status, text = see(radiograph)
    assert status == 200
    assert "Waiting" in text


def test_in_the_trash_nothing_is_awaited(see, radiograph, paper_model, health_worker):
    trash(radiograph=radiograph, by=health_worker)
    status, _ = see(radiograph)
    assert status == STOP


def test_cancelled_predictions_are_not_shown(see, radiograph, paper_model, predicted):
    predicted(radiograph, 0.9, paper_model)
    Prediction.objects.create(
        radiograph=radiograph, target=paper_model.target, status=JobStatus.CANCELLED
    )
    _, text = see(radiograph)
    assert "result-positive" in text
    assert "Earlier predictions" not in text


def test_the_panel_speaks_spanish_by_default(actor, radiograph, paper_model, predicted):
    predicted(radiograph, 0.9, paper_model)
    assert "Solo para investigar." in text_of(actor("doctor").get(url_of(radiograph)))


def test_no_inline_code_or_style(see, radiograph, paper_model, predicted):
    predicted(radiograph, 0.9, paper_model)
    _, text = see(radiograph)
    for forbidden in (" style=", "<script", " onclick", "javascript:"):
        assert forbidden not in text


def test_the_number_of_queries_does_not_grow_with_the_history(
    see, radiograph, paper_model, predicted, django_assert_max_num_queries
):
    for number in range(6):
        newer = DeployedModel.objects.create(
            target=paper_model.target, version=str(number), threshold=0.5
        )
        predicted(radiograph, 0.9, newer)
    see(radiograph)  # the first page of a session writes its rows
    with django_assert_max_num_queries(9):
        see(radiograph)


def test_two_radiographs_keep_their_own_results(see, site, radiograph, paper_model, predicted):
    other = make_radiograph(site=site, seed=5)
    Prediction.objects.all().delete()
    predicted(other, 0.9, paper_model)
    predicted(radiograph, 0.1, paper_model)
    assert "result-negative" in see(radiograph)[1]
    assert "result-positive" in see(other)[1]
