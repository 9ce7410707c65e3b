"""What an epoch shows of rare classes."""

import pytest
import torch

from retraining.ml.balancing import class_weights, epoch_order
from retraining.ml.training_spec import TrainingSpec

TARGETS = torch.tensor([0] * 50 + [1] * 10 + [2] * 5)


def order(balance):
    torch.manual_seed(0)
    return epoch_order(TARGETS, TrainingSpec(balance=balance, classes=3))


@pytest.mark.parametrize("balance", ["none", "weights"])
def test_every_case_once(balance):
    assert sorted(order(balance).tolist()) == list(range(65))


def test_oversampling_shows_all_and_rare_ones_again():
    rows = order("oversample")
    assert torch.bincount(TARGETS[rows]).tolist() == [50, 50, 50]
    assert set(rows.tolist()) == set(range(65))


def test_undersampling_shows_as_many_of_each_as_the_rarest_has():
    rows = order("undersample")
    assert torch.bincount(TARGETS[rows]).tolist() == [5, 5, 5]
    assert len(set(rows.tolist())) == 15


def test_undersampling_leaves_out_others_in_the_next_epoch():
    spec = TrainingSpec(balance="undersample", classes=3)
    seen = {row for _ in range(60) for row in epoch_order(TARGETS, spec).tolist()}
    assert len(seen) > 60


def test_weights_have_a_mean_of_one_over_the_cases():
    weights = class_weights(TARGETS, 3)
    assert weights[TARGETS].mean() == pytest.approx(1.0)
    assert weights[2] / weights[0] == pytest.approx(10.0)
