"""A candidate against the model in service, on the same patients."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from retraining.ml.report import compare
from retraining.ml.report.delong import areas_with_covariance, delong
from tests.retraining.test_report_figures import cases_of, two


def by_definition(truth, scores):
    """DeLong et al. 1988, equations 3 to 6, pair by pair."""
    positives, negatives = np.flatnonzero(truth), np.flatnonzero(~truth)
    m, n = len(positives), len(negatives)
    kernel = np.array(
        [[[(row[i] > row[j]) + 0.5 * (row[i] == row[j]) for j in negatives] for i in positives]
         for row in scores]
    )  # fmt: skip
    areas = kernel.mean(axis=(1, 2))
    of_positive, of_negative = kernel.mean(axis=2), kernel.mean(axis=1)
    first = (of_positive - areas[:, None]) @ (of_positive - areas[:, None]).T / (m - 1)
    second = (of_negative - areas[:, None]) @ (of_negative - areas[:, None]).T / (n - 1)
    return areas, first / m + second / n


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 12), st.integers(2, 12), st.integers(0, 10_000), st.integers(2, 30))
def test_areas_and_covariance_are_those_of_the_definition(m, n, seed, steps):
    rng = np.random.default_rng(seed)
    truth = rng.permutation(np.r_[np.ones(m, bool), np.zeros(n, bool)])
    scores = rng.integers(0, steps, (2, m + n)) / steps
    found = areas_with_covariance(truth, scores)
    expected = by_definition(truth, scores)
    np.testing.assert_allclose(found[0], expected[0], atol=1e-12)
    np.testing.assert_allclose(found[1], expected[1], atol=1e-12)


def shifted(rng, truth, by, spread=1.0):
    return 1 / (1 + np.exp(-(by * truth + spread * rng.normal(size=len(truth)))))


def test_p_is_even_where_there_is_no_difference():
    """1,000 pairs of equally good models: one in twenty is called different."""
    rng, called = np.random.default_rng(4), 0
    for _ in range(1000):
        truth = rng.random(80) < 0.4
        found = delong(truth, shifted(rng, truth, 1.0), shifted(rng, truth, 1.0))
        called += found.p < 0.05
    assert 30 <= called <= 75


def test_one_film_a_patient_is_compared_by_delong():
    rng = np.random.default_rng(0)
    truth = rng.random(300) < 0.4
    own, other = shifted(rng, truth, 2.0), shifted(rng, truth, 0.6)
    found = compare(cases_of(truth.astype(int), two(own)), two(other), positive=1,
                    other_threshold=0.5)  # fmt: skip
    assert found["test"] == "delong"
    difference = roc_auc_score(truth, own) - roc_auc_score(truth, other)
    assert found["difference"] == pytest.approx(difference, abs=1e-6)
    assert 0 < found["low"] < difference < found["high"]
    assert found["p"] < 0.001
    assert found["figures"]["auc"]["value"] == pytest.approx(roc_auc_score(truth, other), abs=1e-6)


def test_more_films_a_patient_are_compared_by_drawing_patients():
    rng = np.random.default_rng(0)
    truth = np.repeat(rng.random(150) < 0.4, 2)
    groups = np.repeat([f"p{row}" for row in range(150)], 2).tolist()
    own, other = shifted(rng, truth, 1.5), shifted(rng, truth, 1.0)
    found = compare(cases_of(truth.astype(int), two(own), groups), two(other), positive=1,
                    other_threshold=0.5)  # fmt: skip
    exact = delong(truth, own, other)
    assert found["test"] == "bootstrap"
    # Films were made independently, so that both tests answer the same question here.
    assert found["low"] == pytest.approx(exact.low, abs=0.02)
    assert found["high"] == pytest.approx(exact.high, abs=0.02)
    assert found["p"] == pytest.approx(exact.p, abs=0.05)


def test_a_better_other_model_has_a_negative_difference():
    truth = np.array([0, 1] * 30)
    rng = np.random.default_rng(0)
    own = compare(cases_of(truth, two(rng.random(60))), two(shifted(rng, truth, 4.0)), positive=1,
                  other_threshold=0.5)  # fmt: skip
    assert own["high"] < 0


def test_the_same_model_differs_in_nothing():
    rng = np.random.default_rng(0)
    cases = cases_of(rng.integers(0, 2, 50), two(rng.random(50)))
    found = compare(cases, cases.probabilities, positive=1, other_threshold=0.5)
    assert [found[name] for name in ("difference", "low", "high", "p")] == [0, 0, 0, 1]


@pytest.mark.parametrize("copies", [1, 2])
def test_two_models_without_a_mistake_are_not_certainly_alike(copies):
    truth = np.repeat([0, 1] * 10, copies)
    groups = np.repeat([f"p{row}" for row in range(20)], copies).tolist()
    rng = np.random.default_rng(0)
    first, second = (0.1 + 0.7 * truth + 0.1 * rng.random(len(truth)) for _ in range(2))
    cases = cases_of(truth, two(first), groups)
    found = compare(cases, two(second), positive=1, other_threshold=0.5)
    assert found["difference"] == 0
    assert found["low"] == pytest.approx(-0.27754, abs=1e-4)  # 1 - Wilson's end for 10 of 10
    assert found["high"] == -found["low"]


def test_one_class_alone_cannot_be_compared():
    cases = cases_of([1, 1, 1], two([0.2, 0.3, 0.4]))
    found = compare(cases, two([0.5, 0.6, 0.7]), positive=1, other_threshold=0.5)
    assert [found[name] for name in ("difference", "low", "high", "p")] == [None] * 4


def test_other_cases_are_refused():
    with pytest.raises(ValueError, match="probabilities"):
        compare(cases_of([0, 1], two([0.2, 0.3])), two([0.5]), positive=1, other_threshold=0.5)
