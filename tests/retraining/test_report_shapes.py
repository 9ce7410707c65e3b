"""What the charts of an evaluation draw: curves, cuts, matrix, calibration, groups, answers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics

from inference.ml.conformal import Conformal
from retraining.ml.report import report_of
from retraining.ml.report.cases import band_of
from retraining.ml.report.shapes import calibration, confusion, cuts, precision_recall, roc
from tests.retraining.test_report_figures import cases_of, two

score = st.integers(0, 200).map(lambda part: part / 200)


@st.composite
def judged(draw):
    n = draw(st.integers(2, 60))
    truth = draw(hnp.arrays(bool, n))
    return truth, draw(hnp.arrays(float, n, elements=score))


def both(case):
    return case[0].any() and not case[0].all()


@settings(max_examples=40, deadline=None)
@given(judged().filter(both))
def test_roc_keeps_the_area(case):
    points = roc(*case)
    area = np.trapezoid([p["tpr"] for p in points], [p["fpr"] for p in points])
    assert area == pytest.approx(metrics.roc_auc_score(*case), abs=1e-5)
    assert (points[0]["fpr"], points[0]["tpr"], points[0]["threshold"]) == (0, 0, None)
    assert (points[-1]["fpr"], points[-1]["tpr"]) == (1, 1)


@settings(max_examples=40, deadline=None)
@given(judged().filter(both))
def test_points_of_curves_are_what_their_thresholds_give(case):
    truth, scores = case
    for point in roc(truth, scores)[1:]:
        called = scores >= point["threshold"]
        assert point["tpr"] == pytest.approx(called[truth].mean(), abs=1e-6)
        assert point["fpr"] == pytest.approx(called[~truth].mean(), abs=1e-6)
    for point in precision_recall(truth, scores):
        called = scores >= point["threshold"]
        assert point["precision"] == pytest.approx(truth[called].mean(), abs=1e-6)
        assert point["recall"] == pytest.approx(called[truth].mean(), abs=1e-6)


def test_long_curves_are_thinned_without_losing_their_shape():
    rng = np.random.default_rng(0)
    truth = rng.random(20_000) < 0.3
    scores = rng.normal(size=20_000) + truth
    points = roc(truth, scores)
    assert 100 < len(points) <= 200
    assert len(precision_recall(truth, scores)) <= 200
    area = np.trapezoid([p["tpr"] for p in points], [p["fpr"] for p in points])
    assert area == pytest.approx(metrics.roc_auc_score(truth, scores), abs=1e-3)


@settings(max_examples=40, deadline=None)
@given(judged(), score)
def test_cuts_count_at_each_threshold_and_at_the_operating_point(case, threshold):
    truth, scores = case
    rows = cuts(truth, scores, threshold)
    assert len(rows) == 201
    assert [row["threshold"] for row in rows] == sorted(row["threshold"] for row in rows)
    assert threshold in [row["threshold"] for row in rows]
    for row in rows[::20]:
        called = scores >= row["threshold"]
        assert (row["tp"], row["fp"]) == ((truth & called).sum(), (~truth & called).sum())
        assert (row["fn"], row["tn"]) == ((truth & ~called).sum(), (~truth & ~called).sum())


@settings(max_examples=40, deadline=None)
@given(hnp.arrays(np.int64, 30, elements=st.integers(0, 2)), st.data())
def test_confusion_is_that_of_scikit_learn(truth, data):
    answers = data.draw(hnp.arrays(np.int64, 30, elements=st.integers(0, 2)))
    found = confusion(truth, answers, ["a", "b", "c"])["rows"]
    assert found == metrics.confusion_matrix(truth, answers, labels=[0, 1, 2]).tolist()


def test_calibration_error_of_honest_and_of_bragging_scores():
    rng = np.random.default_rng(0)
    scores = rng.random(20_000)
    truth = rng.random(20_000) < scores
    assert calibration(truth, scores)["ece"] < 0.02
    bragging = np.where(scores > 0.5, 0.99, 0.01)
    found = calibration(truth, bragging)
    assert found["ece"] == pytest.approx(0.24, abs=0.01)
    assert [row["n"] for row in found["bins"]] == [(scores <= 0.5).sum(), (scores > 0.5).sum()]


def test_a_score_of_one_is_in_the_last_tenth():
    found = calibration(np.array([True]), np.array([1.0]))["bins"]
    assert [(row["low"], row["high"], row["n"]) for row in found] == [(0.9, 1.0, 1)]


def test_groups_have_figures_from_five_patients_on():
    labels = [0, 1] * 20
    cases = cases_of(
        labels, two(np.linspace(0.1, 0.9, 40)), sites=["big"] * 36 + ["small"] * 4,
        sexes=["F", "M"] * 20, ages=[5, 30, 50, 70, 90, None, 17, 18, 39, 40] * 4,
    )  # fmt: skip
    report = report_of(cases, classes=["no", "yes"], positive=1, threshold=0.5)
    big, small = report["groups"]["site"]
    assert (big["key"], big["n"], big["positives"]) == ("big", 36, 18)
    assert big["auc"]["value"] is not None
    assert (small["n"], small["auc"]["value"], small["sensitivity"]["value"]) == (4, None, None)
    assert {row["key"]: row["n"] for row in report["groups"]["age"]} == {
        "": 4, "0-17": 8, "18-39": 12, "40-59": 8, "60-79": 4, "80+": 4,
    }  # fmt: skip
    # All of one sex are of one class: no area, but a sensitivity.
    female = report["groups"]["sex"][0]
    assert (female["positives"], female["auc"]["value"]) == (0, None)
    assert female["specificity"]["value"] is not None


@pytest.mark.parametrize(
    ("age", "band"), [(0, "0-17"), (17, "0-17"), (18, "18-39"), (80, "80+"), (None, ""), (-1, "")]
)
def test_bands_of_ages(age, band):
    assert band_of(age) == band


def judged_by(rule: Conformal) -> dict:
    cases = cases_of([0, 0, 1, 1], two([0.1, 0.6, 0.5, 0.9]))
    report = report_of(cases, classes=["no", "yes"], positive=1, threshold=0.5, conformal=rule)
    return report["conformal"]


def shares(found: dict) -> list[float]:
    return [found[name]["value"] for name in ("covered", "single", "unsure")]


def test_conformal_answers_are_counted_by_class():
    """The sets are no, yes, both and yes."""
    found = judged_by(Conformal(0.1, (0.55, 0.5)))
    assert found["error_rate"] == 0.1
    assert shares(found) == [0.75, 0.75, 0.25]
    assert found["by_class"] == [
        {"class": "no", "n": 2, "covered": 1, "unsure": 0},
        {"class": "yes", "n": 2, "covered": 2, "unsure": 1},
    ]


def test_an_empty_set_is_unsure_and_covers_nothing():
    """The third film's."""
    assert shares(judged_by(Conformal(0.1, (0.45, 0.45)))) == [0.5, 0.75, 0.25]


def test_a_rule_of_other_classes_is_refused():
    with pytest.raises(ValueError, match="expected"):
        judged_by(Conformal(0.1, (0.5, 0.5, 0.5)))
