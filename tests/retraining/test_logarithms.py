"""Heads that read logarithms of the features: trained by their inner head, stored as one."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from inference.ml.heads import head_logits
from retraining.ml.architectures import spec_of
from retraining.ml.fitting import fit_head
from retraining.ml.logarithms import logarithms_of, scale_of, with_logarithms
from retraining.ml.trainer import train_head
from tests.retraining.cohorts import cohort, splits

FEATURES, LABELS, PATIENTS = cohort(n=300)
SPEC = spec_of("logistic-log", {"epochs": 3}, classes=2, positive=1)


def trained():
    return train_head(FEATURES, LABELS, splits(PATIENTS), SPEC)


def test_the_scale_is_the_mean_size_that_fp16_holds():
    features = np.abs(np.random.default_rng(0).normal(3, 1, (50, 7))).astype(np.float16)
    scale = scale_of(features, np.arange(40))
    assert scale == pytest.approx(float(features[:40].astype(float).mean()), rel=1e-3)
    assert scale == float(np.float16(scale))


@pytest.mark.parametrize("value", [0.0, 6e4])
def test_odd_features_have_a_scale_all_the_same(value):
    scale = scale_of(np.full((4, 3), value, np.float16), np.arange(4))
    assert 0 < scale <= 1e4


def test_logarithms_are_those_of_numpy():
    found = logarithms_of(FEATURES, 2.0)
    np.testing.assert_allclose(found, np.log1p(FEATURES.astype(float) / 2), atol=2e-3)
    assert found.dtype == np.float16


def test_what_is_stored_does_the_same_to_plain_features():
    head = trained().head
    assert head.spec.code == "logistic-log"
    inner = train_head(
        logarithms_of(FEATURES, float(head.scale)), LABELS, splits(PATIENTS),
        replace(SPEC, architecture="logistic"),
    ).head  # fmt: skip
    expected = head_logits(inner, logarithms_of(FEATURES, float(head.scale)))
    np.testing.assert_allclose(head_logits(head, FEATURES), expected, atol=0.02)


def test_the_state_is_whole_and_fits_fp16():
    state = trained().head.state_dict()
    assert set(state) == {"scale", "dense.0.weight", "dense.0.bias"}
    assert all(torch.equal(t, t.half().float()) for t in state.values())


def test_it_learns():
    longer = replace(SPEC, epochs=30)
    scores = head_logits(train_head(FEATURES, LABELS, splits(PATIENTS), longer).head, FEATURES)
    assert (scores.argmax(axis=1) == LABELS).mean() > 0.9


def test_the_same_input_gives_the_same_head():
    first, second = trained().head.state_dict(), trained().head.state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_it_is_not_fitted_directly():
    with pytest.raises(ValueError, match="inner"):
        fit_head(FEATURES, LABELS, splits(PATIENTS), SPEC)


def test_a_head_keeps_the_weights_of_its_inner_head():
    inner = train_head(
        FEATURES, LABELS, splits(PATIENTS), replace(SPEC, architecture="logistic")
    ).head
    head = with_logarithms("logistic-log", inner, 1.5)
    assert torch.equal(head.dense[0].weight, inner.dense[0].weight)
    assert float(head.scale) == 1.5
