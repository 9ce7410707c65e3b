"""The states of predictions, for a page that draws its rows itself."""

import pytest
from django.urls import reverse

from inference import reasons
from inference.models import Prediction
from inference.views.states import STATES_AT_ONCE
from tests.factories import make_radiograph

URL = "inference:states"
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def ask(sign_in, doctor):
    """`ask(radiograph, ...)`: states by id, as the doctor is told them."""
    client = sign_in(doctor)

    def post(*radiographs) -> dict:
        ids = [str(getattr(radiograph, "pk", radiograph)) for radiograph in radiographs]
        return client.post(reverse(URL), {"id": ids}).json()

    return post


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 302),
        ("pending", 302),
        ("health_worker", 200),
        ("doctor", 200),
        ("researcher", 200),
        ("administrator", 200),
        ("stranger", 200),
    ],
)
def test_who_may_ask(actor, who, status):
    assert actor(who).get(reverse(URL)).status_code == status


def test_a_finished_one_has_its_result(ask, radiograph, paper_model, predicted):
    prediction = predicted(radiograph, 0.97, paper_model)
    told = ask(radiograph)[str(radiograph.pk)]
    assert told["state"] == "done"
    assert told["result"] == "positive"
    assert told["label"] == prediction.predicted_class.name


def test_an_open_one_is_waiting(ask, paper_model, radiograph):
    assert ask(radiograph)[str(radiograph.pk)]["state"] == "waiting"


def test_one_at_work_is_running(ask, paper_model, radiograph):
    Prediction.objects.update(status="running")
    assert ask(radiograph)[str(radiograph.pk)]["state"] == "running"


def test_a_failed_one_says_why(ask, radiograph, paper_model, failed):
    failed(radiograph)
    told = ask(radiograph)[str(radiograph.pk)]
    assert told["state"] == "failed"
    assert told["label"] == str(reasons.sentence_of("storage"))


def test_without_a_prediction_there_is_none(ask, radiograph):
    assert ask(radiograph)[str(radiograph.pk)] == {"state": "none", "label": "", "result": ""}


def test_the_address_takes_ids_too(actor, radiograph):
    answer = actor("doctor").get(reverse(URL), {"id": [radiograph.pk]})
    assert list(answer.json()) == [str(radiograph.pk)]


@pytest.mark.parametrize("who", ["stranger", "researcher"])
def test_invisible_radiographs_are_passed_over(actor, radiograph, paper_model, who):
    assert actor(who).post(reverse(URL), {"id": [radiograph.pk]}).json() == {}


@pytest.mark.parametrize("word", ["x", "", "1", NOBODY])
def test_impossible_ids_are_passed_over(ask, word):
    assert ask(word) == {}


def test_no_more_than_two_hundred_are_answered(ask, radiograph):
    assert ask(*[NOBODY] * STATES_AT_ONCE, radiograph) == {}


def test_the_number_of_queries_is_constant(ask, site, paper_model, django_assert_max_num_queries):
    radiographs = [make_radiograph(site=site, seed=seed) for seed in range(5)]
    ask(*radiographs)
    with django_assert_max_num_queries(6):
        ask(*radiographs)
