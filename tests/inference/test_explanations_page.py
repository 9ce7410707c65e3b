"""Heat maps on a radiograph's page: asked for, awaited, laid over the film."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.jobs import JobStatus
from images.services import trash
from inference.models import Explanation, Prediction
from tests.factories import state_truth

STOP = 286
CAST = [
    "anonymous", "pending", "stranger", "health_worker", "doctor", "researcher",
    "site_administrator", "administrator",
]  # fmt: skip
HTMX = {"HX-Request": "true"}


def each_of_cast(*statuses):
    return list(zip(CAST, statuses, strict=True))


@pytest.fixture
def prediction(radiograph, paper_model, predicted) -> Prediction:
    return predicted(radiograph, 0.9, paper_model)


@pytest.fixture
def browser(sign_in, health_worker) -> Client:
    client = sign_in(health_worker)
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def see(browser, prediction):
    """`see(seen=...) -> (status, text)` in English."""

    def get(**query):
        response = browser.get(panel_url(prediction), query)
        return response.status_code, " ".join(response.content.decode().split())

    return get


def panel_url(prediction) -> str:
    return reverse("inference:explanations", args=[prediction.pk])


def ask(client, prediction, method="grad-cam", **headers):
    url = reverse("inference:explain", args=[prediction.pk])
    return client.post(url, {"method": method}, headers=headers)


def queue(prediction, **facts) -> Explanation:
    return Explanation.objects.create(prediction=prediction, method="grad-cam", **facts)


@pytest.mark.parametrize(
    ("who", "status"), each_of_cast(302, 302, 404, STOP, STOP, 404, STOP, STOP)
)
def test_who_sees_the_maps(actor, prediction, who, status):
    assert actor(who).get(panel_url(prediction)).status_code == status


@pytest.mark.parametrize(("who", "status"), each_of_cast(302, 302, 404, 302, 302, 404, 302, 302))
def test_who_may_ask(actor, prediction, who, status):
    response = ask(actor(who), prediction)
    assert response.status_code == status
    expected = response.headers.get("Location") == prediction.radiograph.get_absolute_url()
    assert Explanation.objects.exists() == expected


def test_a_researcher_may_for_a_case_they_see(actor, prediction):
    state_truth(prediction.radiograph, "positive")
    ask(actor("researcher"), prediction)
    assert Explanation.objects.get().status == JobStatus.QUEUED


def test_the_page_of_a_radiograph_asks_for_the_maps_of_its_result(browser, prediction):
    panel = browser.get(reverse("inference:panel", args=[prediction.radiograph_id]))
    assert panel_url(prediction) in panel.content.decode()
    page = browser.get(prediction.radiograph.get_absolute_url()).content.decode()
    assert "data-film" in page
    assert "js/heat_map.mjs" in page


def test_at_first_both_methods_are_offered(see):
    status, text = see()
    assert status == STOP
    assert 'value="grad-cam"' in text
    assert 'value="fast-cam"' in text


@pytest.mark.parametrize("status", [JobStatus.QUEUED, JobStatus.FAILED, JobStatus.CANCELLED])
def test_without_a_result_there_is_nothing_to_see_or_ask(browser, prediction, status):
    Prediction.objects.filter(pk=prediction.pk).update(status=status)
    assert browser.get(panel_url(prediction)).status_code == 404
    assert ask(browser, prediction).status_code == 404


def test_with_htmx_the_waiting_piece_comes_back(browser, prediction):
    response = ask(browser, prediction, **HTMX)
    text = response.content.decode()
    assert response.status_code == 200
    assert 'hx-trigger="every 1s"' in text
    assert 'value="grad-cam"' not in text


@pytest.mark.parametrize("method", ["", "magic", "GRAD-CAM", "grad-cam" * 99])
def test_an_unknown_method_is_a_bad_request(browser, prediction, method):
    assert ask(browser, prediction, method).status_code == 400
    assert not Explanation.objects.exists()


def test_reading_asks_for_nothing(browser, prediction):
    url = reverse("inference:explain", args=[prediction.pk])
    assert browser.get(url).status_code == 405


def test_a_foreign_page_cannot_ask(prediction, doctor):
    client = Client(enforce_csrf_checks=True)
    client.force_login(doctor, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert ask(client, prediction).status_code == 403
    assert not Explanation.objects.exists()


def seen_in(text) -> str:
    return text.split("?seen=")[1].split('"')[0]


def test_a_poll_that_would_change_nothing_is_empty(see, prediction):
    queue(prediction)
    seen = seen_in(see()[1])
    assert see(seen=seen) == (204, "")


def test_a_poll_after_the_map_is_drawn_stops_and_shows_it(see, prediction, drawn):
    waiting = queue(prediction)
    seen = seen_in(see()[1])
    waiting.delete()
    shown = drawn(prediction)
    status, text = see(seen=seen)
    assert (status, "hx-get" in text) == (STOP, False)
    assert f'value="{shown.pk}" checked' in text


def test_the_longer_the_wait_the_rarer_the_polls(see, prediction):
    queue(prediction)
    with time_machine.travel(timezone.now() + timedelta(minutes=3), tick=False):
        assert 'hx-trigger="every 5s"' in see()[1]


def test_a_page_that_is_opened_shows_the_film_alone(see, prediction, drawn):
    shown = drawn(prediction)
    _, text = see()
    assert f'value="{shown.pk}"' in text
    assert f'value="{shown.pk}" checked' not in text
    assert 'value="" checked' in text


def test_a_map_says_what_it_is_worth(see, prediction, drawn):
    shown = drawn(prediction)
    _, text = see()
    for words in (
        reverse("inference:overlay", args=[shown.pk]), "Grad-CAM", "1.0", "Opacity",
        "Shows evidence for", "COVID-19",
        "A map shows where the network looked, not why. It proves no disease.",
    ):  # fmt: skip
        assert words in text


def test_of_a_negative_prediction_it_says_what_spoke_for_the_disease_all_the_same(
    browser, radiograph, paper_model, predicted
):
    negative = predicted(radiograph, 0.1, paper_model)
    text = browser.get(panel_url(negative)).content.decode()
    assert "The prediction is negative." in text


def test_a_map_without_any_region_says_so(see, prediction):
    queue(prediction, status=JobStatus.DONE)
    status, text = see()
    assert status == STOP
    assert "No region of this radiograph speaks for COVID-19." in text
    assert "<img" not in text


def test_a_failure_is_told_in_a_sentence_and_can_be_tried_again(see, prediction):
    queue(prediction, status=JobStatus.FAILED, error_code="model-refused")
    _, text = see()
    assert "so its map cannot be drawn" in text
    assert "model-refused" not in text
    assert 'value="grad-cam"' in text


def test_a_map_that_came_after_a_failure_hides_it(see, prediction, drawn):
    queue(prediction, status=JobStatus.FAILED, error_code="storage")
    drawn(prediction)
    assert "could not read or write" not in see()[1]


def test_in_the_trash_maps_are_shown_and_none_is_asked_for(
    browser, see, prediction, drawn, health_worker
):
    drawn(prediction)
    trash(radiograph=prediction.radiograph, by=health_worker)
    _, text = see()
    assert "<img" in text
    assert "<form" not in text
    ask(browser, prediction, "fast-cam")
    assert Explanation.objects.count() == 1


def test_two_maps_take_turns_over_the_film(see, prediction, drawn):
    shown = [drawn(prediction, method) for method in ("grad-cam", "fast-cam")]
    _, text = see()
    for explanation in shown:
        assert f'name="heat-map" id="heat-{explanation.pk}"' in text
    assert "<form" not in text


def test_the_piece_speaks_spanish_by_default(actor, prediction):
    text = actor("doctor").get(panel_url(prediction)).content.decode()
    assert "Where the network looked" not in text


def test_no_inline_code_or_style(see, prediction, drawn):
    drawn(prediction)
    _, text = see()
    for forbidden in (" style=", "<script", " onclick", "javascript:"):
        assert forbidden not in text


def test_the_number_of_queries_does_not_grow(see, prediction, drawn, django_assert_max_num_queries):
    see()  # the first page of a session writes its rows
    for number in range(5):
        queue(prediction, status=JobStatus.FAILED, error_code=str(number))
    drawn(prediction)
    with django_assert_max_num_queries(8):
        see()
