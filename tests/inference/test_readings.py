"""Wording and caution: what a page says about a probability."""

import pytest
from django.utils import translation

from inference.readings import Reading, is_near, operating_point, percent
from inference.reasons import SENTENCES, sentence_of

NBSP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("probability", "threshold", "near"),
    [
        (0.5, 0.5, True),
        (0.34, 0.5, True),
        (0.66, 0.5, True),
        (0.32, 0.5, False),
        (0.68, 0.5, False),
        (0.03, 0.05, True),
        (0.02, 0.05, False),
        (0.09, 0.05, True),
        (0.10, 0.05, False),
        (0.0, 0.5, False),
        (1.0, 0.5, False),
    ],
)
def test_near_means_odds_within_a_factor_of_two(probability, threshold, near):
    assert is_near(probability, threshold) is near


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.5, "50.0"),
        (0.87349, "87.3"),
        (0.87351, "87.4"),
        (0.9996, "> 99.9"),
        (0.9994, "99.9"),
        (0.0004, "< 0.1"),
        (0.9999, "> 99.9"),
        (0.0001, "< 0.1"),
        (1.0, "100.0"),
        (0.0, "0.0"),
    ],
)
def test_a_probability_is_never_rounded_to_certainty(share, words):
    with translation.override("en"):
        assert percent(share) == f"{words} %".replace(" ", NBSP)


def test_figures_are_written_as_the_language_does():
    with translation.override("es"):
        assert percent(0.873) == f"87,3{NBSP}%"


@pytest.mark.parametrize(
    ("probability", "state", "label"),
    [
        (0.9, "positive", "COVID-19"),
        (0.1, "negative", "No COVID-19"),
        (0.6, "uncertain", "COVID-19, uncertain"),
        (0.4, "uncertain", "No COVID-19, uncertain"),
    ],
)
def test_the_badge_of_a_done_prediction(
    radiograph, paper_model, predicted, probability, state, label
):
    reading = Reading(predicted(radiograph, probability, paper_model))
    with translation.override("en"):
        assert (reading.state, reading.badge_label) == (state, label)


def test_the_operating_point_comes_with_its_intervals(paper_model):
    with translation.override("en"):
        found = {str(p.name): (p.value, p.interval) for p in operating_point(paper_model)}
    assert found == {
        "Sensitivity": (f"90.0{NBSP}%", f"80.0{NBSP}% – 95.0{NBSP}%"),
        "Specificity": (f"97.0{NBSP}%", f"94.0{NBSP}% – 99.0{NBSP}%"),
    }


@pytest.mark.parametrize("metrics", [{}, {"metrics": {"sensitivity": None}}])
def test_figures_that_were_not_measured_are_not_invented(paper_model, metrics):
    paper_model.metrics = metrics
    assert operating_point(paper_model) == []


@pytest.mark.parametrize(("language", "words"), [("es", "investigar"), ("en", "research")])
def test_the_limits_are_in_the_language_of_the_page(
    radiograph, paper_model, predicted, language, words
):
    reading = Reading(predicted(radiograph, 0.9, paper_model))
    with translation.override(language):
        assert words in reading.limits[0]


def test_every_reason_is_one_sentence():
    for sentence in SENTENCES.values():
        assert str(sentence).endswith(".")


def test_an_unknown_reason_has_a_sentence_too():
    assert str(sentence_of("from-the-future")) == str(SENTENCES["unexpected"])
