"""The verdict of the shortcut audit: what makes a model fail, and what is only a warning."""

import json

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from retraining.ml.shortcut import Limits, SiteFacts, audit_of, has_passed, site_facts

LIMITS = Limits(max_hidden_auc=0.8, max_association=0.8)
TWO_SITES = SiteFacts(association=0.2, auc=0.6)
N = 200
TRUTH = np.arange(N) % 2 == 0
GROUPS = [f"p{row}" for row in range(N)]


def scores(by, seed=0):
    rng = np.random.default_rng(seed)
    return 1 / (1 + np.exp(-(by * TRUTH + rng.normal(size=N))))


def audited(plain=4.0, lungs=0.0, borders=4.0, sites=TWO_SITES, limits=LIMITS):
    looks = {"plain": scores(plain), "lungs": scores(lungs, 1), "borders": scores(borders)}
    return audit_of(TRUTH, GROUPS, looks, sites=sites, limits=limits)


def test_a_model_that_needs_the_lungs_passes():
    result = audited()
    assert has_passed(result)
    assert (result["reasons"], result["warnings"]) == ([], [])
    assert result["auc"]["plain"]["value"] > 0.99
    assert (result["films"], result["patients"], result["positives"]) == (N, N, 100)


def test_a_model_that_needs_no_lungs_fails():
    result = audited(lungs=3.0)
    assert not has_passed(result)
    assert result["reasons"] == ["answers-without-lungs"]
    expected = roc_auc_score(TRUTH, scores(3.0, 1))
    assert result["auc"]["lungs"]["value"] == pytest.approx(expected, abs=1e-6)


def test_the_limit_is_the_administrators():
    assert has_passed(audited(lungs=3.0, limits=Limits(1.0, 0.8)))
    assert not has_passed(audited(lungs=0.8, limits=Limits(0.55, 0.8)))


def test_near_the_limit_is_said():
    result = audited(lungs=0.9)
    assert result["auc"]["lungs"]["value"] < 0.8 < result["auc"]["lungs"]["high"]
    assert result["warnings"] == ["near-limit"]


@pytest.mark.parametrize(
    ("association", "auc", "fails"),
    [(0.95, 0.99, True), (0.95, 0.6, False), (0.3, 0.99, False), (0.95, None, False)],
)
def test_site_and_class_together_and_a_site_that_can_be_read(association, auc, fails):
    result = audited(sites=SiteFacts(association, auc))
    assert (result["reasons"] == ["site-tells-label"]) == fails


def test_an_answer_at_the_border_is_a_warning_alone():
    result = audited(borders=0.5)
    assert has_passed(result)
    assert result["warnings"] == ["needs-borders"]
    assert result["borders_fall"]["low"] > 0.2


def test_one_site_alone_is_said():
    assert audited(sites=SiteFacts())["warnings"] == ["one-site"]


def test_too_few_patients_cannot_pass():
    looks = {name: np.array([0.1, 0.9, 0.2]) for name in ("plain", "lungs", "borders")}
    truth = np.array([False, True, False])
    result = audit_of(truth, ["a", "b", "c"], looks, sites=TWO_SITES, limits=LIMITS)
    assert not has_passed(result)
    assert "too-few" in result["reasons"]


@pytest.mark.parametrize("truth", [np.zeros(3, bool), np.ones(3, bool)])
def test_one_class_alone_is_json_and_no_pass(truth):
    looks = {name: np.array([0.1, 0.9, 0.2]) for name in ("plain", "lungs", "borders")}
    result = audit_of(truth, ["a", "b", "c"], looks, sites=TWO_SITES, limits=LIMITS)
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert not has_passed(result)


def test_sites_are_read_within_classes():
    """Cases count, and a class in which nothing can be said does not."""
    within = [
        {"class": "a", "n": 30, "auc": {"value": 0.9}},
        {"class": "b", "n": 10, "auc": {"value": 0.5}},
        {"class": "c", "n": 10, "auc": {"value": None}},
    ]
    assert site_facts(0.4, {"within": within}) == SiteFacts(0.4, pytest.approx(0.8))
    assert site_facts(None, None) == SiteFacts(None, None)


def test_other_numbers_of_films_are_refused():
    looks = {"plain": scores(1), "lungs": scores(1)[:5], "borders": scores(1)}
    with pytest.raises(ValueError, match="another number"):
        audit_of(TRUTH, GROUPS, looks, sites=TWO_SITES, limits=LIMITS)
