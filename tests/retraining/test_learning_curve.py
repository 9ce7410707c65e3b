"""What more cases would bring: the regression behind it, the curve, and the advice."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from retraining.ml.report import Development, learning_curve
from retraining.ml.report.learning import TOO_FEW
from retraining.ml.report.logistic import fit, leading, probabilities
from retraining.ml.report.power_law import fit_power_law

CLASSES = ["no", "yes"]


def development(patients=160, strength=0.35, width=30, seed=0, **facts):
    """Two films of every third patient; the class is spread thinly over all features."""
    rng = np.random.default_rng(seed)
    rows = np.repeat(np.arange(patients), [1 + (row % 3 == 0) for row in range(patients)])
    labels = rng.integers(0, 2, patients)[rows]
    places = rng.choice(["a", "b"], patients)[rows]
    features = rng.normal(size=(len(rows), width)) + strength * labels[:, None]
    told = {
        "features": features.astype(np.float32), "labels": labels, "sites": places.tolist(),
        "splits": ["train"] * len(rows), "groups": [f"p{row}" for row in rows],
    }  # fmt: skip
    return Development(**(told | facts))


@pytest.mark.parametrize("classes", [2, 3])
def test_the_regression_is_that_of_scikit_learn(classes):
    rng = np.random.default_rng(0)
    inputs, labels = rng.normal(size=(200, 12)), rng.integers(0, classes, 200)
    inputs[:, 0] += labels
    found = probabilities(fit(inputs, labels, classes, penalty=2.0), inputs)
    # With two classes scikit-learn has one column of weights and we have two opposite ones, which
    # share the penalty.
    strength = 0.5 if classes > 2 else 1.0
    expected = LogisticRegression(C=strength, tol=1e-8, max_iter=1000).fit(inputs, labels)
    np.testing.assert_allclose(found, expected.predict_proba(inputs), atol=2e-3)


def test_a_good_start_changes_nothing_of_the_result():
    rng = np.random.default_rng(0)
    inputs, labels = rng.normal(size=(200, 12)), rng.integers(0, 2, 200)
    cold = fit(inputs, labels, 2)
    warm = fit(inputs, labels, 2, start=cold + 0.1)
    np.testing.assert_allclose(probabilities(warm, inputs), probabilities(cold, inputs), atol=2e-3)


def test_components_are_uncorrelated_and_of_unit_size():
    rng = np.random.default_rng(0)
    found = leading(rng.normal(size=(300, 90)) @ rng.normal(size=(90, 90)))
    assert found.shape == (300, 64)
    spread = np.cov(found, rowvar=False)
    assert np.abs(spread - np.diag(np.diag(spread))).max() < 1e-3
    assert np.square(found).mean() == pytest.approx(1.0, abs=1e-5)


def test_features_without_any_spread_give_one_empty_component():
    assert (leading(np.ones((5, 7))) == np.zeros((5, 1))).all()


@pytest.mark.parametrize("power", [0.3, 0.5, 1.0, 1.5])
def test_the_power_law_finds_itself(power):
    cases = np.array([50.0, 100, 200, 400, 800])
    areas = (0.96 - 1.5 * cases**-power)[None]
    law = fit_power_law(cases, areas, np.ones(5))
    assert law.power[0] == pytest.approx(power, abs=1e-6)
    assert law.limit[0] == pytest.approx(0.96, abs=1e-6)
    expected = 1.5 * (800**-power - 1000**-power)
    assert law.gain(800, 200)[0] == pytest.approx(expected, abs=1e-6)


def test_the_power_law_never_promises_more_than_all():
    cases = np.array([50.0, 100, 200, 400, 800])
    rising = np.linspace(0.5, 0.99, 5)[None]
    assert fit_power_law(cases, rising, np.ones(5)).limit[0] <= 1.0
    falling = fit_power_law(cases, rising[:, ::-1].copy(), np.ones(5))
    assert falling.gain(800, 200)[0] == 0


def test_more_cases_bring_more_where_there_is_more_to_learn():
    curve = learning_curve(development(patients=300, strength=0.25), CLASSES, 1)
    areas = [point["auc"] for point in curve["points"]]
    assert areas[-1] > areas[0] + 0.03
    cases = [point["cases"] for point in curve["points"]]
    assert cases == sorted(cases)
    assert cases[-1] == pytest.approx(0.8 * 400, abs=2)
    assert all(0 < point["low"] < point["auc"] < point["high"] for point in curve["points"])
    assert curve["fit"]["scale"] > 0


def test_advice_names_the_place_that_lacks_cases():
    """Of site b there are few, and its classes differ in another direction: its cases help."""
    rng = np.random.default_rng(0)
    n, width = 1400, 60
    sites = np.where(np.arange(n) % 5 == 0, "b", "a")
    labels = rng.integers(0, 2, n)
    features = rng.normal(size=(n, width)).astype(np.float32)
    easy = (sites == "a") & (labels == 1)
    features[easy, :3] += 1.6
    features[(sites == "b") & (labels == 1), 30:] += 0.7
    told = Development(
        features, labels, ["train"] * n, [f"p{row}" for row in range(n)], sites.tolist()
    )
    curve = learning_curve(told, CLASSES, 1)
    gains = {(row["site"], row["class"]): row for row in curve["advice"]}
    assert set(gains) == {("a", "no"), ("a", "yes"), ("b", "no"), ("b", "yes")}
    best = gains["b", "yes"]
    assert best["why"] == ""
    assert best["gain"] > 0.001
    assert best["low"] <= best["gain"] <= best["high"]
    shown = [row["gain"] / row["more"] for row in gains.values() if row["gain"]]
    assert best["gain"] / best["more"] == max(shown)


def test_nothing_is_said_of_noise():
    rng = np.random.default_rng(0)
    noise = development(features=rng.normal(size=(214, 30)).astype(np.float32))
    curve = learning_curve(noise, CLASSES, 1)
    assert all(row["gain"] is None or row["gain"] < 0.03 for row in curve["advice"])
    assert any(row["gain"] is None for row in curve["advice"])


def test_a_place_with_few_patients_cannot_be_spoken_of():
    sites = ["a"] * 210 + ["b"] * 4
    advice = learning_curve(development(sites=sites), CLASSES, 1)["advice"]
    of_b = [row for row in advice if row["site"] == "b"]
    assert {row["why"] for row in of_b} == {TOO_FEW}
    assert all(row["gain"] is None and row["more"] is None for row in of_b)


def test_nobody_is_told_what_more_than_twice_as_many_would_bring():
    for row in learning_curve(development(), CLASSES, 1)["advice"]:
        assert row["more"] is None or row["more"] <= row["cases"]


def test_too_few_patients_have_no_curve():
    assert learning_curve(development(patients=30), CLASSES, 1) is None


def test_the_same_seed_gives_the_same_curve():
    assert learning_curve(development(), CLASSES, 1) == learning_curve(development(), CLASSES, 1)


def test_three_classes_have_a_curve():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 214)
    features = rng.normal(size=(214, 30)).astype(np.float32)
    features[:, 0] += 2 * labels
    told = development(features=features, labels=labels)
    curve = learning_curve(told, ["a", "b", "c"], 2)
    assert curve["points"][-1]["auc"] > 0.7


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"splits": ["test"] * 214}, "training and validation"),
        ({"groups": ["p"]}, "another number"),
        ({"features": np.full((214, 3), np.nan, np.float32)}, "not finite"),
    ],
)
def test_refuses(facts, reason):
    with pytest.raises(ValueError, match=reason):
        development(**facts)
