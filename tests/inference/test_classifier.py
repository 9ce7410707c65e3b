"""The head as it is served: calibrated, and the same for cached and fresh features."""

import numpy as np
import pytest
import torch

from inference.ml.artifact import Artifact
from inference.ml.engine import Classifier
from inference.ml.heads import build_head
from tests.engines import manifest_of


def classifier(seed=0, **facts):
    torch.manual_seed(seed)
    manifest = manifest_of("1", **facts)
    head = build_head("covid-xr-c", 25088, len(manifest.classes))
    return Classifier(Artifact(manifest, head.eval()))


@pytest.fixture(scope="module")
def features():
    return np.random.default_rng(1).gamma(1, 5, (40, 25088)).astype(np.float32)


@pytest.fixture(scope="module")
def plain():
    return classifier()


def test_probabilities_add_up_to_one(plain, features):
    chances = plain.probabilities(features)
    assert chances.dtype == np.float64
    np.testing.assert_allclose(chances.sum(axis=1), 1, atol=1e-12)


def test_cached_and_fresh_features_agree_exactly(plain, features):
    cached = features.astype(np.float16)
    assert np.array_equal(plain.probabilities(features), plain.probabilities(cached))


def test_neighbours_in_the_batch_do_not_show(plain, features):
    alone = np.concatenate([plain.probabilities(row[None]) for row in features])
    np.testing.assert_allclose(alone, plain.probabilities(features), atol=1e-12)


def test_temperature_divides_the_logits(plain, features):
    warm = classifier(temperature=2.0).probabilities(features)
    log_odds = [np.log(p[:, 1] / p[:, 0]) for p in (warm, plain.probabilities(features))]
    np.testing.assert_allclose(log_odds[0] * 2, log_odds[1], atol=1e-9)


def test_a_probability_at_the_threshold_is_positive(plain, features):
    score = plain.probabilities(features[:1])[0, 1]
    outcome = classifier(threshold=float(score)).outcomes(features[:1])[0]
    assert (outcome.label, outcome.positive_probability) == ("covid-19", score)


def test_a_probability_below_the_threshold_is_negative(plain, features):
    score = plain.probabilities(features[:1])[0, 1]
    above = float(np.nextafter(score, 1))
    assert classifier(threshold=above).outcomes(features[:1])[0].label == "no-covid-19"


def test_below_the_threshold_the_likeliest_other_class_is_named(features):
    classes = ("normal", "covid-19", "viral-pneumonia")
    several = classifier(classes=classes, threshold=1.0)
    for outcome in several.outcomes(features):
        others = {code: p for code, p in outcome.probabilities.items() if code != "covid-19"}
        assert outcome.label == max(others, key=others.get)


@pytest.mark.parametrize("shape", [(25088,), (1, 100), (1, 1, 25088)])
def test_features_of_another_shape_are_refused(plain, shape):
    with pytest.raises(ValueError, match="expected"):
        plain.probabilities(np.zeros(shape, np.float16))


@pytest.mark.parametrize("kind", [np.float16, np.float32])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_features_that_are_not_finite_are_refused(plain, features, value, kind):
    broken = features[:1].astype(kind)
    broken[0, 7] = value
    with pytest.raises(ValueError, match="finite"):
        plain.probabilities(broken)


def rule(*quantiles):
    classes = ("no-covid-19", "covid-19")
    return {"error_rate": 0.1, "quantiles": dict(zip(classes, quantiles, strict=True))}


def test_without_a_rule_it_is_never_unsure(plain, features):
    assert {(o.answers, o.is_unsure) for o in plain.outcomes(features)} == {((), False)}


@pytest.mark.parametrize(
    ("quantiles", "answers", "is_unsure"),
    [
        ((None, None), ("no-covid-19", "covid-19"), True),
        ((None, 0.0), ("no-covid-19",), False),
        ((0.0, None), ("covid-19",), False),
        ((0.0, 0.0), (), True),
    ],
)
def test_not_exactly_one_class_left_is_unsure(features, quantiles, answers, is_unsure):
    outcome = classifier(conformal=rule(*quantiles)).outcomes(features[:1])[0]
    assert (outcome.answers, outcome.is_unsure) == (answers, is_unsure)


def test_the_sets_are_of_calibrated_probabilities(plain, features):
    warm = classifier(temperature=3.0, conformal=rule(0.5, 0.5))
    for outcome, row in zip(warm.outcomes(features), warm.probabilities(features), strict=True):
        expected = [code for code, p in zip(warm.manifest.classes, row, strict=True) if p >= 0.5]
        assert list(outcome.answers) == expected
