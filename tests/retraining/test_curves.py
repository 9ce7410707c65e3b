"""Operating points are optimal among all cuts, checked against scikit-learn's ROC curve."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import roc_curve

from retraining.ml.curves import threshold_for_sensitivity, youden_threshold


@st.composite
def both_classes(draw):
    n = draw(st.integers(2, 40))
    labels = draw(hnp.arrays(bool, n))
    assume(labels.any() and not labels.all())
    return labels, draw(hnp.arrays(float, n, elements=st.floats(0, 1)))


def rates(labels, scores, threshold):
    called = scores >= threshold
    return called[labels].mean(), (~called[~labels]).mean()


@given(both_classes())
def test_youden_is_the_best_of_all_cuts(case):
    false_rate, true_rate, _ = roc_curve(*case)
    found = sum(rates(*case, youden_threshold(*case))) - 1
    # The cut above every score is no operating point; it has index 0, as calling all positive has.
    assert found == pytest.approx(max((true_rate - false_rate).max(), 0), abs=1e-12)


@given(both_classes(), st.floats(0, 1))
def test_sensitivity_target_is_met(case, target):
    labels, scores = case
    threshold = threshold_for_sensitivity(labels, scores, target)
    assert rates(labels, scores, threshold)[0] >= target - 1e-12


@given(both_classes(), st.floats(0.01, 1))
def test_no_higher_cut_meets_the_sensitivity_target(case, target):
    labels, scores = case
    threshold = threshold_for_sensitivity(labels, scores, target)
    higher = [s for s in scores if s > threshold and rates(labels, scores, s)[0] >= target]
    assert all(rates(labels, scores, s) == rates(labels, scores, threshold) for s in higher)


def test_threshold_lies_between_the_classes():
    assert youden_threshold([False, False, True, True], [0.1, 0.2, 0.6, 0.9]) == pytest.approx(0.4)


def test_ties_go_to_the_more_sensitive_cut():
    labels, scores = [False, True, False, True], [0.1, 0.2, 0.3, 0.4]
    assert rates(np.array(labels), np.array(scores), youden_threshold(labels, scores)) == (1, 0.5)


def test_neighbouring_floats_are_still_told_apart():
    low = 0.3
    high = float(np.nextafter(low, 1))
    assert youden_threshold([False, True], [low, high]) == high


@pytest.mark.parametrize("labels", [[True, True], [False, False], []])
def test_one_class_has_no_operating_point(labels):
    with pytest.raises(ValueError, match="positives and negatives"):
        youden_threshold(labels, [0.5] * len(labels))


@pytest.mark.parametrize("target", [-0.1, 1.1, float("nan")])
def test_impossible_sensitivity_is_refused(target):
    with pytest.raises(ValueError, match="not between 0 and 1"):
        threshold_for_sensitivity([True, False], [0.9, 0.1], target)


def test_scores_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="finite"):
        youden_threshold([True, False], [float("inf"), 0.1])
