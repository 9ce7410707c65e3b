"""Answer sets keep the promised error rate, class by class, and say when they cannot promise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.ml.conformal import Conformal, fit


def cases(n, seed, classes=3):
    """Calibrated probabilities of a model that is often unsure, and the truth they were made of."""
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet(np.ones(classes), n)
    truth = (probabilities.cumsum(axis=1) < random.random((n, 1))).sum(axis=1)
    return probabilities, truth


def test_the_quantile_is_the_score_at_its_place():
    """9 cases at 20 %: ceil(10 * 0.8) = the eighth smallest of 1 - p."""
    chances = np.array([[p, 1 - p] for p in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)])
    found = fit(chances, np.zeros(9), 0.2)
    assert found.quantiles[0] == pytest.approx(0.8)
    assert found.quantiles[1] is None


@pytest.mark.parametrize(("n", "is_known"), [(8, False), (9, True)])
def test_a_tenth_needs_nine_cases(n, is_known):
    chances = np.column_stack([np.linspace(0.1, 0.9, n), 1 - np.linspace(0.1, 0.9, n)])
    assert (fit(chances, np.zeros(n), 0.1).quantiles[0] is not None) is is_known


def test_too_few_cases_keep_a_class_in_every_set():
    rule = Conformal(0.1, (None, 0.0))
    assert rule.answers(np.array([[0.0, 1.0], [1.0, 0.0]])) == [(0, 1), (0,)]


def test_the_bound_itself_is_inside():
    rule = Conformal(0.1, (0.25, 0.25))
    assert rule.answers(np.array([[0.75, 0.25], [0.7, 0.3]])) == [(0,), ()]


def test_each_class_is_covered_as_promised():
    rule = fit(*cases(20_000, seed=1), 0.1)
    probabilities, truth = cases(20_000, seed=2)
    sets = rule.answers(probabilities)
    for code in range(3):
        held = [code in each for each, label in zip(sets, truth, strict=True) if label == code]
        assert 0.89 <= np.mean(held) <= 0.91


def test_over_many_calibrations_coverage_is_at_least_the_promise():
    """The guarantee is over the draw of the calibration cases too: mean over 200 small draws."""
    held = []
    for seed in range(200):
        rule = fit(*cases(60, seed=seed, classes=2), 0.2)
        probabilities, truth = cases(100, seed=10_000 + seed, classes=2)
        held += [t in s for s, t in zip(rule.answers(probabilities), truth, strict=True)]
    assert 0.79 <= np.mean(held) <= 0.85


@settings(max_examples=50)
@given(st.integers(0, 10**6), st.floats(0.01, 0.4))
def test_a_smaller_error_rate_never_takes_a_class_away(seed, rate):
    probabilities, truth = cases(80, seed=seed)
    strict = fit(probabilities, truth, rate).answers(probabilities)
    loose = fit(probabilities, truth, rate * 1.5).answers(probabilities)
    assert all(set(few) <= set(many) for few, many in zip(loose, strict, strict=True))


def test_it_survives_the_way_through_a_manifest():
    rule = Conformal(0.1, (0.25, None))
    content = rule.to_dict(("no", "yes"))
    assert content == {"error_rate": 0.1, "quantiles": {"no": 0.25, "yes": None}}
    assert Conformal.from_dict(content, ("no", "yes")) == rule
    assert Conformal.from_dict(content, ("yes", "no")).quantiles == (None, 0.25)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"error_rate": 0.1},
        {"error_rate": 0.1, "quantiles": {"no": 0.2}},
        {"error_rate": 0.1, "quantiles": {"no": 0.2, "yes": 0.2, "other": 0.2}},
        {"error_rate": 0.1, "quantiles": {"no": 0.2, "yes": 2}},
        {"error_rate": 0.1, "quantiles": {"no": 0.2, "yes": "0.2"}},
        {"error_rate": 0.1, "quantiles": {"no": 0.2, "yes": True}},
        {"error_rate": 0, "quantiles": {"no": 0.2, "yes": 0.2}},
        {"error_rate": 10**400, "quantiles": {"no": 0.2, "yes": 0.2}},
        {"error_rate": "0.1", "quantiles": {"no": 0.2, "yes": 0.2}},
        {"error_rate": 0.1, "quantiles": [0.1, 0.2]},
        {"error_rate": 0.1, "quantiles": {"no": 0.2, "yes": 0.2}, "more": 1},
    ],
    ids=str,
)
def test_another_content_is_refused(content):
    with pytest.raises(ValueError):
        Conformal.from_dict(content, ("no", "yes"))


@pytest.mark.parametrize(
    ("probabilities", "labels", "rate"),
    [
        (np.full((3, 2), 0.5), [0, 1], 0.1),
        (np.full((3, 2), 0.5), [0, 1, 2], 0.1),
        (np.full((3, 2), 0.5), [0, 1, -1], 0.1),
        (np.full((3, 2), np.nan), [0, 1, 1], 0.1),
        (np.full((3, 2), 0.5), [0, 1, 1], 1.0),
        (np.full((3, 2), 0.5), [0, 1, 1], float("nan")),
        (np.full(3, 0.5), [0, 1, 1], 0.1),
    ],
    ids=["length", "unknown", "negative", "nan", "all-wrong", "no-rate", "flat"],
)
def test_what_cannot_be_is_refused(probabilities, labels, rate):
    with pytest.raises(ValueError):
        fit(probabilities, labels, rate)


def test_probabilities_of_other_classes_are_refused():
    with pytest.raises(ValueError, match="expected"):
        Conformal(0.1, (0.1, 0.2)).answers(np.full((2, 3), 1 / 3))
