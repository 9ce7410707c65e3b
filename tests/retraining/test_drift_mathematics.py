"""The measures of drift, against closed forms, scipy and their sources."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from scipy.stats import ks_2samp

from retraining.ml.drift import (
    feature_drift,
    frechet_distance,
    population_stability,
    prevalence,
    score_drift,
)


def test_stability_is_that_of_its_definition():
    reference = np.repeat([0.1, 0.3, 0.5, 0.7], 25)
    new = np.repeat([0.1, 0.3, 0.5, 0.7], [5, 15, 30, 50])
    shares = (np.array([25, 25, 25, 25]) + 0.5) / 102, (np.array([5, 15, 30, 50]) + 0.5) / 102
    expected = ((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum()
    assert population_stability(reference, new, bins=4) == pytest.approx(expected)


def test_the_same_scores_are_stable():
    scores = np.random.default_rng(0).random(500)
    found = score_drift(scores, scores)
    assert (found.stability, found.distance) == (0, 0)


def test_chance_alone_exceeds_the_limit_in_five_of_a_hundred():
    rng, beyond = np.random.default_rng(0), 0
    for _ in range(600):
        found = score_drift(rng.beta(2, 3, 400), rng.beta(2, 3, 150))
        beyond += found.stability > found.limit
    assert 12 <= beyond <= 50


def test_moved_scores_are_beyond_the_limit():
    rng = np.random.default_rng(0)
    found = score_drift(rng.beta(2, 3, 400), rng.beta(3, 2, 150))
    assert found.stability > 0.25 > found.limit
    assert found.p < 0.001


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_distance_of_scores_is_that_of_scipy(n, m, seed):
    rng = np.random.default_rng(seed)
    first, second = rng.random(n), rng.random(m)
    found, expected = score_drift(first, second), ks_2samp(first, second)
    assert (found.distance, found.p) == (expected.statistic, expected.pvalue)
    assert np.isfinite(found.stability)


def test_scores_of_one_value_have_one_bin_and_no_drift():
    assert score_drift([0.5] * 20, [0.5] * 7).stability == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("scores", [[], [np.nan], [[0.1]]])
def test_no_scores_are_refused(scores):
    with pytest.raises(ValueError, match="finite"):
        score_drift(scores, [0.5])


def test_distance_of_features_is_that_of_its_definition():
    rng = np.random.default_rng(0)
    first = rng.normal(size=(300, 6)) @ rng.normal(size=(6, 6))
    second = rng.normal(size=(200, 6)) @ rng.normal(size=(6, 6)) + 0.5
    one, other = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    apart = np.square(first.mean(axis=0) - second.mean(axis=0)).sum()
    expected = apart + np.trace(one + other - 2 * np.real(sqrtm(one @ other)))
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-8)


@given(st.floats(-3, 3), st.floats(0.2, 3))
@settings(max_examples=30, deadline=None)
def test_distance_of_two_normals_has_a_closed_form(moved, wider):
    """In one dimension: the square of the means' distance and of the spreads' distance."""
    rows = np.random.default_rng(0).normal(size=(200, 1))
    spread = rows.std(ddof=1)
    other = rows * wider + moved
    expected = (other.mean() - rows.mean()) ** 2 + (spread * wider - spread) ** 2
    assert frechet_distance(rows, other) == pytest.approx(expected, abs=1e-9)


def test_fewer_rows_than_dimensions_have_a_distance():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(10, 200))
    assert frechet_distance(rows, rows) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(rows, rows + 1) == pytest.approx(200, rel=1e-6)


def test_the_distance_in_many_dimensions_is_that_of_its_definition():
    """Permuting sums on one side alone changes nothing: compared with the plain distance."""
    rng = np.random.default_rng(0)
    reference, new = rng.normal(size=(150, 20)), rng.normal(size=(40, 20)) + 0.2
    found = feature_drift(reference, new, permutations=5)
    assert found.distance == pytest.approx(frechet_distance(reference, new), rel=1e-9)


def test_chance_alone_rarely_reaches_the_limit_of_features():
    rng, beyond = np.random.default_rng(0), 0
    for seed in range(60):
        rows = rng.normal(size=(120, 8))
        found = feature_drift(rows[:90], rows[90:], permutations=40, seed=seed)
        beyond += found.distance > found.limit
    assert beyond <= 9


def test_moved_features_are_beyond_the_limit():
    rng = np.random.default_rng(0)
    reference, new = rng.normal(size=(300, 100)), rng.normal(size=(60, 100)) + 0.4
    found = feature_drift(reference, new)
    assert found.distance > found.limit
    assert found.p == pytest.approx(1 / 201)


def test_copies_of_a_few_patients_are_no_drift():
    """Ten films of each of twelve patients differ from others as twelve patients do."""
    rng = np.random.default_rng(0)
    old, young = (np.repeat(rng.normal(size=(n, 5)), 10, axis=0) for n in (60, 12))
    groups = [[f"{name}{row // 10}" for row in range(n * 10)] for name, n in (("a", 60), ("b", 12))]
    by_patient = feature_drift(old, young, reference_groups=groups[0], new_groups=groups[1])
    by_film = feature_drift(old, young)
    assert by_patient.distance == by_film.distance
    assert by_patient.limit > 2 * by_film.limit


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        (np.ones((1, 3)), np.ones((5, 3)), "two rows"),
        (np.ones((5, 3)), np.ones((5, 4)), "shapes"),
        (np.full((5, 3), np.inf), np.ones((5, 3)), "finite"),
    ],
)
def test_features_that_cannot_be_compared_are_refused(first, second, reason):
    with pytest.raises(ValueError, match=reason):
        feature_drift(first, second)


def test_groups_of_other_rows_are_refused():
    with pytest.raises(ValueError, match="groups"):
        feature_drift(np.ones((5, 2)), np.ones((5, 2)), new_groups=["a"])


def maximised(scores, prior, rounds=5000):
    """Saerens et al. 2002, equation 4, round by round."""
    share = prior
    for _ in range(rounds):
        positive = scores * share / prior
        negative = (1 - scores) * (1 - share) / (1 - prior)
        share = (positive / (positive + negative)).mean()
    return share


@given(st.integers(0, 500), st.floats(0.2, 0.8))
@settings(max_examples=20, deadline=None)
def test_prevalence_is_where_expectation_maximisation_ends(seed, prior):
    rng = np.random.default_rng(seed)
    scores = rng.beta(0.6, 0.8, 60)
    assert prevalence(scores, prior).value == pytest.approx(maximised(scores, prior), abs=2e-3)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.8])
def test_prevalence_of_known_patients_is_found(share):
    """A calibrated model, trained where half were positive."""
    rng = np.random.default_rng(1)
    truth = rng.random(4000) < share
    found = rng.normal(loc=np.where(truth, 1.0, -1.0))
    estimate = prevalence(1 / (1 + np.exp(-2 * found)), 0.5)
    assert estimate.value == pytest.approx(share, abs=0.03)
    assert estimate.low < truth.mean() < estimate.high


def test_the_interval_of_prevalence_is_over_patients():
    rng = np.random.default_rng(0)
    scores = rng.beta(0.5, 0.5, 80)
    alone = prevalence(scores, 0.5)
    copied = prevalence(np.repeat(scores, 20), 0.5, np.repeat(np.arange(80), 20).astype(str))
    assert copied.low == pytest.approx(alone.low, abs=1e-6)


def test_all_certain_scores_mean_all_or_none():
    assert prevalence(np.ones(30), 0.5).value == 1.0
    none = prevalence(np.zeros(30), 0.5)
    assert (none.value, none.low) == (0.0, 0.0)
    assert 0 < none.high < 0.15


@pytest.mark.parametrize(("scores", "prior"), [([0.5], 0.0), ([0.5], 1.0), ([1.5], 0.5), ([], 0.5)])
def test_no_probabilities_are_refused(scores, prior):
    with pytest.raises(ValueError, match=r"."):
        prevalence(scores, prior)
