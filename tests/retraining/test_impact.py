"""What labels would change, from arrays alone."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retraining.ml import impact
from retraining.ml.impact import CANNOT_SAY, ESTIMATED, NOTHING_CHANGES, preview
from retraining.ml.training_spec import TrainingFailed, TrainingSpec
from tests.retraining.cohorts import cohort

SPEC = TrainingSpec(components=32, epochs=8, patience=None)


@pytest.fixture(scope="module")
def clean():
    features, labels, groups = cohort(n=300, strength=3.0)
    return features, labels.astype(np.int64), groups


@pytest.fixture(scope="module")
def spoilt(clean):
    """A third of the positives are called negative."""
    rows = np.flatnonzero(clean[1] == 1)[::3]
    now = clean[1].copy()
    now[rows] = 0
    return now


@pytest.fixture(scope="module")
def corrected(clean, spoilt):
    features, labels, groups = clean
    return preview(features, spoilt, labels, groups, SPEC)


def test_corrections_make_the_model_better(corrected):
    assert corrected.verdict == ESTIMATED
    assert corrected.difference > 0
    assert corrected.auc_after == pytest.approx(corrected.auc_before + corrected.difference)
    assert corrected.low <= corrected.difference <= corrected.high


def test_only_labels_that_stay_judge(clean, spoilt, corrected):
    labels = clean[1]
    assert corrected.changed == (spoilt != labels).sum()
    assert corrected.n == (spoilt == labels).sum()
    assert corrected.positives == ((spoilt == labels) & (labels == 1)).sum()
    assert (corrected.added, corrected.removed) == (0, 0)


def test_spoilt_labels_make_it_worse(clean, spoilt):
    features, labels, groups = clean
    assert preview(features, labels, spoilt, groups, SPEC).difference < 0


def test_flips_say_from_what_to_what(corrected):
    assert corrected.flips >= len(corrected.flipped) > 0
    assert all(flip.before != flip.after for flip in corrected.flipped)
    called_positive = sum(flip.after == 1 for flip in corrected.flipped)
    assert called_positive > len(corrected.flipped) / 2


def test_new_labels_are_counted(clean):
    features, labels, groups = clean
    now = labels.copy()
    now[:60] = -1
    found = preview(features, now, labels, groups, SPEC)
    assert (found.added, found.changed, found.n) == (60, 0, 240)
    assert found.verdict == ESTIMATED


def test_labels_taken_away_are_counted(clean):
    features, labels, groups = clean
    after = labels.copy()
    after[:10] = -1
    assert preview(features, labels, after, groups, SPEC).removed == 10


def test_the_same_labels_change_nothing(clean, monkeypatch):
    features, labels, groups = clean
    monkeypatch.setattr(impact, "judge", lambda *args, **options: pytest.fail("it trained"))
    found = preview(features, labels, labels.copy(), groups, SPEC)
    assert (found.verdict, found.difference, found.changed) == (NOTHING_CHANGES, None, 0)


@pytest.mark.parametrize(
    ("positives_now", "positives_after", "flag"),
    [
        (19, 40, impact.TOO_FEW_NOW),
        (40, 19, impact.TOO_FEW_AFTER),
        (19, 19, impact.TOO_FEW_UNTOUCHED),
    ],
)
def test_of_too_few_it_cannot_say(clean, positives_now, positives_after, flag):
    features, _labels, groups = clean
    now, after = np.zeros(300, np.int64), np.zeros(300, np.int64)
    now[: 2 * positives_now : 2] = 1
    after[: 2 * positives_after : 2] = 1
    after[299] = -1  # something changes in any case
    found = preview(features, now, after, groups, SPEC)
    assert found.verdict == CANNOT_SAY
    assert flag in found.flags
    assert (found.auc_before, found.low, found.flips) == (None, None, 0)


def test_enough_cases_of_too_few_patients_cannot_say(clean):
    features, labels, _groups = clean
    groups = [f"n{row}" if label == 0 else f"p{row % 9}" for row, label in enumerate(labels)]
    after = labels.copy()
    after[0] = -1
    assert preview(features, labels, after, groups, SPEC).verdict == CANNOT_SAY


def test_few_positives_are_warned_of(clean):
    features, labels, groups = clean
    now = labels.copy()
    now[np.flatnonzero(labels == 1)[45:]] = 0
    after = now.copy()
    after[np.flatnonzero(now == 0)[:3]] = -1
    assert impact.FEW_POSITIVES_LEFT in preview(features, now, after, groups, SPEC).flags


def test_the_same_question_has_the_same_answer(clean, spoilt, corrected):
    again = preview(clean[0], spoilt, clean[1], clean[2], SPEC)
    assert {**again.to_dict(), "seconds": 0} == {**corrected.to_dict(), "seconds": 0}


def test_it_can_be_written_as_json(corrected):
    assert json.loads(json.dumps(corrected.to_dict()))["flips"] == corrected.flips


def test_each_head_is_told(clean, spoilt):
    told = []
    preview(
        clean[0], spoilt, clean[1], clean[2], SPEC, repetitions=1,
        on_head=lambda done, total: told.append((done, total)),
    )  # fmt: skip
    assert told == [(done, 10) for done in range(1, 11)]


def test_three_classes():
    features, labels, groups = cohort(n=330, classes=3, strength=4.0)
    after = labels.astype(np.int64)
    now = after.copy()
    now[:40] = (now[:40] + 1) % 3
    spec = TrainingSpec(components=32, epochs=8, patience=None, classes=3)
    found = preview(features, now, after, groups, spec)
    assert found.verdict == ESTIMATED
    assert found.low <= found.difference <= found.high


def test_features_that_are_not_finite_are_refused(clean, spoilt):
    features = clean[0].copy()
    features[5, 5] = np.inf
    with pytest.raises(TrainingFailed):
        preview(features, spoilt, clean[1], clean[2], SPEC)


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sets(st.integers(0, 299), min_size=1, max_size=30), st.integers(0, 5))
def test_any_batch_gets_an_honest_interval(clean, rows, seed):
    features, labels, groups = clean
    now = labels.copy()
    now[sorted(rows)] = 1 - now[sorted(rows)]
    spec = TrainingSpec(components=16, epochs=3, patience=None, seed=seed)
    found = preview(features, now, labels, groups, spec, repetitions=1)
    assert found.verdict == ESTIMATED
    assert -1 <= found.low <= found.difference <= found.high <= 1
    assert found.changed == len(rows)
    assert 0 <= found.auc_before <= 1 >= found.auc_after >= 0
