"""The figures are those of scikit-learn; the intervals behave; the undefined is None."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, confusion_matrix, recall_score, roc_auc_score

from retraining.ml.curves import area_under_curve, sorted_scores
from retraining.ml.evaluation import evaluate, wilson

# Few distinct scores, so that ties are common.
score = st.integers(0, 12).map(lambda tenth: tenth / 12)


@st.composite
def judged(draw, least=1):
    n = draw(st.integers(least, 40))
    labels = draw(hnp.arrays(bool, n))
    return labels, draw(hnp.arrays(float, n, elements=score)), draw(score)


@given(judged())
def test_confusion_and_accuracy_are_those_of_scikit_learn(case):
    labels, scores, threshold = case
    found = evaluate(labels, scores, threshold)
    expected = confusion_matrix(labels, scores >= threshold, labels=[False, True]).ravel()
    assert [found.tn, found.fp, found.fn, found.tp] == expected.tolist()
    assert found.accuracy.value == pytest.approx(accuracy_score(labels, scores >= threshold))


@given(judged())
def test_sensitivity_and_specificity_are_recalls(case):
    labels, scores, threshold = case
    found, called = evaluate(labels, scores, threshold), scores >= threshold
    for estimate, side in ((found.sensitivity, True), (found.specificity, False)):
        if (labels == side).any():
            assert estimate.value == pytest.approx(recall_score(labels, called, pos_label=side))
        else:
            assert estimate.value is None


@given(judged())
def test_auc_is_that_of_scikit_learn(case):
    labels, scores, threshold = case
    found = evaluate(labels, scores, threshold).auc.value
    if labels.all() or not labels.any():
        assert found is None
    else:
        assert found == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)


@given(judged(), st.data())
def test_weighted_area_is_that_of_scikit_learn(case, data):
    labels, scores, _ = case
    weights = data.draw(hnp.arrays(np.int64, len(labels), elements=st.integers(0, 5)))
    found = area_under_curve(sorted_scores(labels, scores), weights)
    if not (weights[labels].any() and weights[~labels].any()):
        assert found is None
    else:
        expected = roc_auc_score(labels, scores, sample_weight=weights)
        assert found == pytest.approx(expected, abs=1e-12)


@given(trials=st.integers(1, 2000), data=st.data())
def test_wilson_is_that_of_scipy(trials, data):
    successes = data.draw(st.integers(0, trials))
    expected = binomtest(successes, trials).proportion_ci(method="wilson")
    found = wilson(successes, trials)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert 0 <= found.low <= found.value <= found.high <= 1


@given(judged())
def test_each_interval_holds_its_figure(case):
    found = evaluate(*case)
    for estimate in (found.sensitivity, found.specificity, found.accuracy, found.auc):
        if estimate.low is not None:
            assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1


def noisy(n=200):
    random = np.random.default_rng(1)
    labels = random.random(n) < 0.3
    return labels, labels + random.normal(0, 0.8, n)


def test_same_seed_gives_the_same_interval():
    assert evaluate(*noisy(), 0.5, seed=3) == evaluate(*noisy(), 0.5, seed=3)


def test_radiographs_of_the_same_patients_say_less():
    labels, scores = noisy(60)
    repeated = [np.repeat(values, 10) for values in (labels, scores)]
    as_patients = evaluate(*repeated, 0.5, groups=np.repeat(np.arange(60), 10).tolist()).auc
    as_strangers = evaluate(*repeated, 0.5).auc
    assert as_patients.high - as_patients.low > 2 * (as_strangers.high - as_strangers.low)


def test_a_perfect_score_is_one_without_spread():
    auc = evaluate([True] * 5 + [False] * 5, np.arange(10)[::-1], 4.5).auc
    assert (auc.value, auc.low, auc.high) == (1.0, 1.0, 1.0)


def test_nothing_to_evaluate_is_undefined_and_not_zero():
    found = evaluate([], [], 0.5).to_dict()
    assert found["n"] == 0
    assert set(found["metrics"].values()) == {None}


def test_report_is_json():
    report = json.loads(json.dumps(evaluate(*noisy(), 0.5).to_dict(), allow_nan=False))
    assert report.keys() == {
        "n", "positives", "threshold", "confusion", "metrics", "intervals",
    }  # fmt: skip
    assert report["metrics"].keys() == {"sensitivity", "specificity", "accuracy", "auc"}


@pytest.mark.parametrize(
    ("labels", "scores", "groups"),
    [
        ([True], [0.1, 0.2], None),
        ([[True]], [[0.1]], None),
        ([True], [float("nan")], None),
        ([True, False], [0.2, 0.1], ["one"]),
    ],
)
def test_what_cannot_be_compared_is_refused(labels, scores, groups):
    with pytest.raises(ValueError):
        evaluate(labels, scores, 0.5, groups)
