"""Out of fold: each radiograph once a repetition, by heads that never saw its patient."""

import numpy as np
import pytest

from retraining.ml import cross_validation
from retraining.ml.cross_validation import cross_validate
from retraining.ml.curves import auc
from retraining.ml.split import TEST
from retraining.ml.training_spec import TrainingSpec
from tests.retraining.cohorts import cohort

SPEC = TrainingSpec(components=32, epochs=5)


@pytest.fixture(scope="module")
def small():
    return cohort()


def test_every_radiograph_is_judged_in_each_repetition(small):
    judged = cross_validate(*small, SPEC, salt="s", folds=3, repetitions=2)
    assert judged.logits.shape == (600, 2)
    assert np.bincount(judged.rows).tolist() == [2] * 300
    assert np.isfinite(judged.logits).all()


def test_scores_find_the_positives(small):
    judged = cross_validate(*small, SPEC, salt="s", folds=3)
    assert auc(small[1][judged.rows] == 1, judged.scores()) > 0.9
    assert 0 < judged.threshold < 1


def test_patients_are_never_on_both_sides(small, monkeypatch):
    patients, real, sides = np.array(small[2]), cross_validation.fit_head, []

    def watching(features, labels, names, spec):
        tested = np.array(names) == TEST
        sides.append((set(patients[tested]), set(patients[~tested])))
        return real(features, labels, names, spec)

    monkeypatch.setattr(cross_validation, "fit_head", watching)
    cross_validate(*small, SPEC, salt="s", folds=3)
    assert [tested & others for tested, others in sides] == [set()] * 3
    assert set.union(*(tested for tested, _ in sides)) == set(patients)
