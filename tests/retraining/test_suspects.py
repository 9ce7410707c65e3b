"""Labels that heads of other patients contradict."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retraining.ml.out_of_fold import TooFew, dealt
from retraining.ml.suspects import find_suspects, scarce
from retraining.ml.training_spec import TrainingSpec
from tests.retraining.cohorts import cohort

SPEC = TrainingSpec(components=32, epochs=8, patience=None)


@pytest.fixture(scope="module")
def clean():
    features, labels, groups = cohort(n=240, strength=6.0)
    return features, labels.astype(np.int64), groups


def flipped(labels, rows):
    wrong = labels.copy()
    wrong[rows] = 1 - wrong[rows]
    return wrong


def test_planted_errors_are_found_and_lead_the_list(clean):
    features, labels, groups = clean
    planted = [3, 50, 121, 200]
    found = find_suspects(features, flipped(labels, planted), groups, SPEC).found
    assert {each.row for each in found[: len(planted)]} == set(planted)
    assert all(each.chance < 0.1 for each in found)


def test_the_worst_come_first(clean):
    features, labels, groups = clean
    found = find_suspects(features, flipped(labels, [3, 50, 121]), groups, SPEC).found
    losses = [each.loss for each in found]
    assert losses == sorted(losses, reverse=True)
    assert all(each.chance == pytest.approx(np.exp(-each.loss)) for each in found)


def test_clean_labels_are_hardly_suspected(clean):
    features, labels, groups = clean
    assert len(find_suspects(features, labels, groups, SPEC).found) <= 2


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sets(st.integers(0, 239), min_size=1, max_size=12))
def test_planted_errors_rank_above_most(clean, rows):
    features, labels, groups = clean
    planted = sorted(rows)
    losses = find_suspects(
        features, flipped(labels, planted), groups, SPEC, repetitions=1
    ).losses  # fmt: skip
    others = np.delete(losses, planted)
    assert np.median(losses[planted]) > np.quantile(others, 0.9)


def test_the_same_question_has_the_same_answer(clean):
    first, second = (find_suspects(*clean, SPEC, repetitions=1).losses for _ in range(2))
    assert np.array_equal(first, second)


def test_three_classes():
    features, labels, groups = cohort(n=300, classes=3, strength=7.0)
    wrong = labels.astype(np.int64)
    wrong[7] = (wrong[7] + 1) % 3
    spec = TrainingSpec(components=32, epochs=8, patience=None, classes=3)
    assert find_suspects(features, wrong, groups, spec, repetitions=1).found[0].row == 7


@pytest.mark.parametrize(("cases", "patients"), [(19, 19), (40, 9)])
def test_too_few_of_a_class_accuse_nobody(cases, patients):
    labels = np.array([1] * cases + [0] * 100)
    groups = [f"p{row % patients}" for row in range(cases)] + [f"n{row}" for row in range(100)]
    features = np.random.default_rng(0).normal(size=(len(labels), 8)).astype(np.float16)
    with pytest.raises(TooFew):
        find_suspects(features, labels, groups, SPEC)
    assert scarce(labels, groups, 2) == [1]


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(-1, 1)), min_size=1, max_size=120),
    st.integers(0, 1000),
)
def test_whole_groups_are_dealt_evenly(cases, seed):
    groups = [f"g{group}" for group, _label in cases]
    tenths = dealt(groups, np.array([label for _group, label in cases]), seed=seed)
    place = dict(zip(groups, tenths, strict=True))
    assert all(place[group] == tenth for group, tenth in zip(groups, tenths, strict=True))
    counts = np.bincount(list(place.values()), minlength=10)
    assert counts.max() - counts.min() <= 1
