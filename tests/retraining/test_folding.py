"""What is stored computes what was trained."""

import numpy as np
import pytest
import torch

from inference.ml.heads import Head, HeadSpec, build_head, head_logits
from retraining.ml.folding import stored_head
from retraining.ml.projection import fit_projection


@pytest.fixture(scope="module")
def features():
    return np.random.default_rng(2).gamma(0.3, 8, (150, 4000)).astype(np.float16)


@pytest.mark.parametrize("whiten", [0.0, 0.5, 1.0])
def test_projection_folds_into_the_first_layer(features, whiten):
    projection = fit_projection(features, 40, whiten=whiten, seed=0)
    torch.manual_seed(0)
    trained = build_head("covid-xr-c", 40, 2).eval()
    with torch.no_grad():
        expected = trained(projection.apply(features)).numpy()
    found = head_logits(stored_head(trained, projection), features)
    np.testing.assert_allclose(found, expected, atol=0.004)


def test_plain_head_is_only_rounded(features):
    torch.manual_seed(0)
    trained = build_head("covid-xr-b", 4000, 3).eval()
    scale = np.abs(head_logits(trained, features)).max()
    found = head_logits(stored_head(trained, None), features)
    np.testing.assert_allclose(found, head_logits(trained, features), atol=0.002 * scale)


def test_tiny_layers_keep_their_precision():
    torch.manual_seed(0)
    trained = Head(HeadSpec("tiny", hidden=(8,)), 50, 2)
    with torch.no_grad():
        trained.linear_layers()[0].weight.mul_(1e-8)
        trained.linear_layers()[0].bias.mul_(1e-8)
        trained.linear_layers()[1].weight.mul_(1e8)
    features = np.random.default_rng(0).normal(size=(20, 50)).astype(np.float32)
    found = head_logits(stored_head(trained, None), features)
    np.testing.assert_allclose(found, head_logits(trained, features), atol=0.005)


def test_the_trained_head_is_left_alone(features):
    trained = build_head("covid-xr-a", 4000, 2)
    before = {name: tensor.clone() for name, tensor in trained.state_dict().items()}
    stored_head(trained, None)
    assert all(torch.equal(before[n], t) for n, t in trained.state_dict().items())
