"""Sensitivity and specificity: a published example, scikit-learn, and what has no figure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, precision_score, recall_score

from inference.ml.proportion import wilson
from reading.statistics import Accuracy, accuracy

# Altman and Bland 1994, "Diagnostic tests 1: sensitivity and specificity" and "2: predictive
# values", BMJ 308:1552 and 309:102: liver scans of 344 patients against pathology.
LIVER_SCANS = Accuracy(tp=231, fp=32, tn=54, fn=27)

pairs = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=200)


def test_worked_example_of_altman_and_bland():
    found = LIVER_SCANS

    assert found.n == 344
    assert found.sensitivity.value == pytest.approx(0.90, abs=0.005)  # 231/258
    assert found.specificity.value == pytest.approx(0.63, abs=0.005)  # 54/86
    assert found.ppv.value == pytest.approx(0.88, abs=0.005)  # 231/263
    assert found.npv.value == pytest.approx(0.67, abs=0.005)  # 54/81


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # Newcombe 1998, "Two-sided confidence intervals for the single proportion", Stat Med
    # 17:857-872, table I, method 3 (score).
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611),
     (1, 29, 0.0061, 0.1718)],
)  # fmt: skip
def test_intervals_are_those_of_newcombes_table(successes, trials, low, high):
    found = wilson(successes, trials)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@given(pairs)
def test_figures_are_what_scikit_learn_says(pairs):
    truth, called = zip(*pairs, strict=True)

    found = accuracy(truth, called)

    told = (found.sensitivity, found.specificity, found.ppv, found.npv, found.accuracy)
    expected = (
        recall_score(truth, called) if any(truth) else None,
        recall_score(truth, called, pos_label=False) if not all(truth) else None,
        precision_score(truth, called) if any(called) else None,
        precision_score(truth, called, pos_label=False) if not all(called) else None,
        accuracy_score(truth, called),
    )
    for figure, wanted in zip(told, expected, strict=True):
        assert figure.value == (None if wanted is None else pytest.approx(wanted, abs=1e-12))


@given(pairs)
def test_every_figure_lies_in_its_interval(pairs):
    found = accuracy(*zip(*pairs, strict=True))
    for name, value in found.to_dict()["metrics"].items():
        low, high = found.to_dict()["intervals"][name]
        assert (low is high is None) if value is None else 0 <= low <= value <= high <= 1


def test_without_positives_there_is_no_sensitivity():
    found = accuracy([False, False], [True, False])
    assert (found.sensitivity.value, found.specificity.value) == (None, 0.5)


def test_nobody_called_positive_has_no_predictive_value():
    assert accuracy([True, False], [False, False]).ppv.value is None


def test_answers_must_match_the_tests():
    with pytest.raises(ValueError, match="do not match"):
        accuracy([True], [True, False])
