"""The small badges of lists, swapped out of band."""

import pytest
from django.urls import reverse

from core.jobs import JobStatus
from inference.models import Prediction
from inference.panels import BADGES_AT_ONCE
from tests.factories import make_radiograph

URL = "inference:badges"
STOP = 286


@pytest.fixture
def ask(sign_in, doctor):
    client = sign_in(doctor)

    def get(*radiographs, **query):
        ids = [getattr(radiograph, "pk", radiograph) for radiograph in radiographs]
        return client.get(reverse(URL), {"id": ids, **query})

    return get


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 302),
        ("pending", 302),
        ("health_worker", STOP),
        ("doctor", STOP),
        ("researcher", STOP),
        ("administrator", STOP),
        ("stranger", STOP),
    ],
)
def test_who_may_ask(actor, who, status):
    assert actor(who).get(reverse(URL)).status_code == status


def test_a_finished_prediction_is_swapped_into_its_place(ask, radiograph, paper_model, predicted):
    predicted(radiograph, 0.9, paper_model)
    response = ask(radiograph)
    assert response.status_code == STOP
    text = response.content.decode()
    assert f'id="badge-{radiograph.pk}" hx-swap-oob="true"' in text
    assert "result-positive" in text


@pytest.mark.parametrize("who", ["stranger", "researcher"])
def test_invisible_radiographs_are_passed_over(actor, radiograph, paper_model, predicted, who):
    predicted(radiograph, 0.9, paper_model)
    response = actor(who).get(reverse(URL), {"id": radiograph.pk})
    assert str(radiograph.pk) not in response.content.decode()


@pytest.mark.parametrize("word", ["x", "", "1", "00000000-0000-4000-8000-000000000000"])
def test_impossible_ids_are_passed_over(ask, word):
    assert ask(word).status_code == STOP


def test_open_predictions_are_asked_for_again(ask, paper_model, radiograph):
    response = ask(radiograph)
    assert response.status_code == 200
    assert 'hx-trigger="every 2s"' in response.content.decode()
    assert "result-pending" in response.content.decode()


def test_a_poll_that_would_change_nothing_is_empty(ask, paper_model, radiograph):
    assert ask(radiograph, poll="2").status_code == 204


def test_only_the_open_ones_are_asked_for_again(ask, site, paper_model, predicted):
    first, second = (make_radiograph(site=site, seed=seed) for seed in (1, 2))
    Prediction.objects.filter(radiograph=first).delete()
    predicted(first, 0.9, paper_model)
    poll = ask(first, second, poll="2").content.decode().split("hx-get=")[1]
    assert str(second.pk) in poll
    assert str(first.pk) not in poll


def test_the_last_one_that_finishes_ends_the_polling(ask, radiograph, paper_model, predicted):
    predicted(radiograph, 0.9, paper_model)
    response = ask(radiograph, poll="2")
    assert response.status_code == STOP
    assert "hx-get" not in response.content.decode()


def test_a_failed_prediction_has_a_badge(ask, radiograph, paper_model, failed):
    failed(radiograph)
    assert "result-failed" in ask(radiograph).content.decode()


def test_the_newest_prediction_counts(ask, radiograph, paper_model, predicted, failed):
    failed(radiograph)
    predicted(radiograph, 0.9, paper_model)
    assert "result-positive" in ask(radiograph).content.decode()


def test_a_radiograph_without_prediction_has_an_empty_badge(ask, radiograph):
    text = ask(radiograph).content.decode()
    assert f"badge-{radiograph.pk}" in text
    assert "result" not in text


def test_no_more_than_a_hundred_are_answered(ask, radiograph):
    too_many = ["00000000-0000-4000-8000-000000000000"] * BADGES_AT_ONCE
    assert str(radiograph.pk) not in ask(*too_many, radiograph).content.decode()


def test_the_number_of_queries_is_constant(ask, site, paper_model, django_assert_max_num_queries):
    radiographs = [make_radiograph(site=site, seed=seed) for seed in range(5)]
    Prediction.objects.update(status=JobStatus.FAILED)
    ask(*radiographs)  # the first page of a session writes its rows
    with django_assert_max_num_queries(7):
        ask(*radiographs)
