"""Heads learn, the same seed gives the same weights, and what cannot work is said in time."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from inference.ml.heads import head_logits
from inference.ml.weights import state_sha256
from retraining.ml.curves import auc
from retraining.ml.evaluation import evaluate
from retraining.ml.split import TEST, TRAIN, VALIDATION
from retraining.ml.trainer import positive_probability, train_head
from retraining.ml.training_spec import PAPER, TrainingFailed, TrainingSpec
from tests.retraining.cohorts import cohort, splits

SPEC = TrainingSpec(components=32, epochs=8)


def weights_hash(trained):
    return state_sha256({n: t.numpy() for n, t in trained.head.state_dict().items()})


def area_of(trained, features, labels, names, split=TEST):
    rows = np.array(names) == split
    scores = head_logits(trained.head, features[rows])[:, 1]
    return auc(np.array(labels)[rows] == 1, scores)


@pytest.fixture(scope="module")
def small():
    features, labels, patients = cohort()
    return features, labels, splits(patients)


@pytest.fixture(scope="module")
def trained(small):
    return train_head(*small, SPEC)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"optimizer": "rmsprop", "weight_decay": 0.0},
        {"components": None},
        {"architecture": "covid-xr-a"},
        {"architecture": "covid-xr-b"},
        {"balance": "none"},
        {"balance": "oversample"},
        {"balance": "undersample"},
        {"whiten": 1.0},
    ],
    ids=str,
)
def test_it_learns(small, changes):
    trained = train_head(*small, replace(SPEC, **changes))
    assert area_of(trained, *small) > 0.9


def test_training_of_the_paper_learns(small):
    trained = train_head(*small, PAPER)
    assert area_of(trained, *small) > 0.9
    assert (len(trained.history), trained.kept_epoch) == (20, 20)


def test_labels_without_a_signal_are_not_learnt(small):
    features, labels, names = small
    shuffled = np.random.default_rng(9).permutation(labels)
    area = area_of(train_head(features, shuffled, names, SPEC), features, shuffled, names)
    assert 0.25 < area < 0.75


def test_three_classes_are_learnt():
    features, labels, patients = cohort(450, classes=3, strength=5.0)
    names = splits(patients)
    trained = train_head(features, labels, names, replace(SPEC, classes=3))
    rows = np.array(names) == TEST
    predicted = head_logits(trained.head, features[rows]).argmax(axis=1)
    assert (predicted == labels[rows]).mean() > 0.85


def test_same_seed_gives_the_same_weights(small, trained):
    again = train_head(*small, SPEC)
    assert weights_hash(again) == weights_hash(trained)
    assert (again.threshold, again.temperature) == (trained.threshold, trained.temperature)


def test_another_seed_gives_other_weights(small, trained):
    assert weights_hash(train_head(*small, replace(SPEC, seed=1))) != weights_hash(trained)


def test_random_numbers_of_others_are_left_alone(small):
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    threads = torch.get_num_threads()
    train_head(*small, replace(SPEC, epochs=1))
    assert torch.equal(torch.rand(1), expected)
    assert torch.get_num_threads() == threads


def test_test_patients_have_no_influence(small, trained):
    features, labels, names = small
    rows = np.array(names) == TEST
    garbled, lies = features.copy(), np.array(labels)
    garbled[rows], lies[rows] = np.nan, 1 - lies[rows]
    assert weights_hash(train_head(garbled, lies, names, SPEC)) == weights_hash(trained)


def test_stored_values_fit_fp16(trained):
    for tensor in trained.head.state_dict().values():
        assert torch.equal(tensor, tensor.half().float())


def test_each_epoch_is_reported(small):
    seen = []
    trained = train_head(*small, SPEC, on_epoch=seen.append)
    assert tuple(seen) == trained.history
    assert [report.epoch for report in seen] == list(range(1, len(seen) + 1))
    assert seen[-1].validation_auc > 0.9


def test_a_callback_that_raises_ends_the_training(small):
    seen = []

    def cancel(report):
        seen.append(report)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_head(*small, SPEC, on_epoch=cancel)
    assert len(seen) == 1


def test_training_stops_when_validation_no_longer_improves(small):
    trained = train_head(*small, replace(SPEC, epochs=200, patience=3))
    losses = [report.validation_loss for report in trained.history]
    assert len(losses) == trained.kept_epoch + 3 < 200
    assert losses[trained.kept_epoch - 1] == min(losses)


def test_rare_class_counts_as_much(small):
    features, labels, names = small
    keep = np.flatnonzero((np.array(labels) == 0) | (np.arange(len(labels)) % 10 < 2))
    rare = features[keep], np.array(labels)[keep], [names[row] for row in keep]
    balanced, plain = (
        train_head(*rare, replace(SPEC, balance=balance, epochs=2, patience=None))
        for balance in ("weights", "none")
    )
    means = [
        positive_probability(head_logits(t.head, rare[0]), 1.0, 1).mean() for t in (balanced, plain)
    ]
    assert means[0] > means[1]


@pytest.mark.parametrize("target", [0.6, 0.9, 1.0])
def test_sensitivity_target_is_met_on_validation(small, target):
    features, labels, names = small
    trained = train_head(*small, replace(SPEC, sensitivity=target, epochs=2))
    rows = np.array(names) == VALIDATION
    logits = head_logits(trained.head, features[rows])
    scores = positive_probability(logits, trained.temperature, 1)
    found = evaluate(np.array(labels)[rows] == 1, scores, trained.threshold)
    assert found.sensitivity.value >= target


def test_a_loss_that_is_not_finite_ends_in_words(small):
    with pytest.raises(TrainingFailed, match="loss of epoch 1 is not finite"):
        train_head(*small, replace(SPEC, learning_rate=1e30, optimizer="rmsprop"))


def test_features_that_are_not_finite_are_refused(small):
    features, labels, names = small
    broken = features.copy()
    broken[names.index(TRAIN), 0] = np.inf
    with pytest.raises(TrainingFailed, match="not finite"):
        train_head(broken, labels, names, SPEC)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda y, s: (np.zeros_like(y), s), "train has no radiograph of class 1"),
        (lambda y, s: (y + 1, s), "train has no radiograph of class 0"),
        (lambda y, s: (y * 2, s), "train has no radiograph of class 1"),
        (lambda y, s: (np.where(np.arange(len(y)) == s.index(TRAIN), 2, y), s), "unknown class 2"),
        (lambda y, s: (y, [TRAIN] * len(y)), "no radiograph in split validation"),
        (lambda y, s: (y, [TEST] * len(y)), "no radiograph in split train"),
    ],
    ids=["one-class", "from-one", "gap", "third", "no-validation", "no-train"],
)
def test_data_that_cannot_be_learnt_from_are_refused(small, change, reason):
    features, labels, names = small
    with pytest.raises(TrainingFailed, match=reason):
        train_head(features, *change(np.array(labels), names), SPEC)


def test_lengths_that_differ_are_refused(small):
    features, labels, names = small
    with pytest.raises(ValueError, match="300 features"):
        train_head(features, labels[:-1], names, SPEC)
