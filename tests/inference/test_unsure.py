"""Where the model cannot decide: said on the page, in lists, by the API, and read first."""

import pytest
from django.urls import reverse
from django.utils import translation

from inference import services
from inference.models import Prediction, Standing
from inference.readings import Reading, operating_point
from reading.models import Rank
from reading.services.ranking import facts_of, rank_of
from tests.factories import make_radiograph

BOTH = ["no-covid-19", "covid-19"]


@pytest.fixture
def unsure(radiograph, paper_model, predicted):
    """`unsure(0.95, answers) -> Prediction` on which its model could not decide."""

    def make(probability=0.95, answers=BOTH, of=radiograph) -> Prediction:
        row = predicted(of, probability, paper_model)
        Prediction.objects.filter(pk=row.pk).update(is_unsure=True, answers=answers)
        services.note_standings([of.pk])
        row.refresh_from_db()
        return row

    return make


def panel(client, radiograph) -> str:
    answer = client.get(
        reverse("inference:panel", args=[radiograph.pk]), headers={"accept-language": "en"}
    )
    return answer.content.decode()


def test_the_badge_sends_to_a_doctor(unsure):
    reading = Reading(unsure())
    with translation.override("en"):
        assert (reading.state, reading.badge_label) == ("uncertain", "Ask a doctor")


def test_the_page_names_what_cannot_be_ruled_out(unsure, sign_in, doctor):
    prediction = unsure()
    page = panel(sign_in(doctor), prediction.radiograph)
    assert "The model cannot decide: ask a doctor." in page
    assert "It cannot rule out: No COVID-19, COVID-19." in page


def test_the_page_says_when_no_answer_fits(unsure, sign_in, doctor):
    page = panel(sign_in(doctor), unsure(answers=[]).radiograph)
    assert "none of its answers fits" in page


def test_a_sure_answer_sends_nobody(radiograph, paper_model, predicted, sign_in, doctor):
    predicted(radiograph, 0.95, paper_model)
    assert "ask a doctor" not in panel(sign_in(doctor), radiograph)


def test_the_api_tells_it(unsure, sign_in, doctor):
    prediction = unsure()
    told = sign_in(doctor).get(f"/api/v1/predictions/{prediction.pk}/").json()
    assert (told["unsure"], told["answers"]) == (True, BOTH)


@pytest.mark.parametrize(("value", "count"), [("true", 1), ("false", 1), ("", 2)])
def test_the_api_filters_by_it(unsure, paper_model, predicted, site, sign_in, doctor, value, count):
    unsure()
    other = make_radiograph(site=site, seed=8)
    predicted(other, 0.95, paper_model)
    told = sign_in(doctor).get("/api/v1/predictions/", {"unsure": value, "status": "done"}).json()
    assert len(told["results"]) == count


def test_the_list_filters_by_it(unsure, paper_model, predicted, site, sign_in, doctor):
    wanted = unsure().radiograph
    other = make_radiograph(site=site, seed=8)
    predicted(other, 0.95, paper_model)
    services.note_standings([other.pk])
    page = sign_in(doctor).get("/images/", {"prediction": "unsure"}).content.decode()
    assert str(wanted.pk) in page
    assert str(other.pk) not in page


def test_an_older_unsure_answer_is_not_found(unsure, paper_model, predicted, sign_in, doctor):
    radiograph = unsure().radiograph
    newer = type(paper_model).objects.create(
        target=paper_model.target, version="2.0", threshold=0.5
    )
    predicted(radiograph, 0.95, newer)
    services.note_standings([radiograph.pk])
    page = sign_in(doctor).get("/images/", {"prediction": "unsure"}).content.decode()
    assert str(radiograph.pk) not in page


def test_it_stands_as_uncertain_however_far_from_the_threshold(unsure):
    prediction = unsure(0.999)
    assert Standing.objects.get(radiograph=prediction.radiograph).is_uncertain


def test_a_worklist_begins_with_it(unsure, target, paper_model, predicted, site):
    undecided = unsure(0.999).radiograph
    near = make_radiograph(site=site, seed=8)
    predicted(near, 0.5, paper_model)
    services.note_standings([near.pk])
    facts = facts_of([undecided.pk, near.pk], target)
    ranks = {key: rank_of(known) for key, known in facts.items()}
    assert ranks[undecided.pk][0] == ranks[near.pk][0] == Rank.UNCERTAIN
    assert ranks[undecided.pk] < ranks[near.pk]


def test_figures_of_a_model_trained_here_are_shown(paper_model):
    paper_model.metrics = {
        "figures": {
            "sensitivity": {"value": 0.9, "low": 0.8, "high": 0.95},
            "specificity": {"value": None, "low": None, "high": None},
        }
    }
    with translation.override("en"):
        [found] = operating_point(paper_model)
        name = str(found.name)
    assert (name, found.value[:4], found.interval[:4]) == ("Sensitivity", "90.0", "80.0")
