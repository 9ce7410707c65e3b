"""Principal components: those of an exact decomposition, scaled, and no more than the rows give."""

import numpy as np
import pytest
import torch

from retraining.ml.projection import fit_projection


@pytest.fixture(scope="module")
def features():
    random = np.random.default_rng(4)
    return (random.normal(size=(120, 15)) @ random.normal(size=(15, 300)) * 3 + 7).astype(
        np.float32
    )


def test_directions_are_the_principal_ones(features):
    projection = fit_projection(features, 5, whiten=0.0, seed=0)
    exact = np.linalg.svd(features - features.mean(axis=0), full_matrices=False)[2][:5]
    found = projection.basis.numpy()
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    np.testing.assert_allclose(np.abs(np.sum(found * exact, axis=1)), 1, atol=1e-3)


@pytest.mark.parametrize("whiten", [0.0, 0.5, 1.0])
def test_components_are_centred_with_unit_mean_square(features, whiten):
    components = fit_projection(features, 10, whiten=whiten, seed=0).apply(features)
    assert components.mean(dim=0).abs().max() < 1e-3
    assert float(components.square().mean()) == pytest.approx(1, abs=1e-3)


def test_whitening_makes_components_equally_wide(features):
    spread = fit_projection(features, 10, whiten=1.0, seed=0).apply(features).std(dim=0)
    assert float(spread.max() / spread.min()) == pytest.approx(1, abs=1e-2)


def test_no_more_components_than_the_rows_hold(features):
    assert len(fit_projection(features, 256, whiten=0.5, seed=0).basis) == 15
    assert len(fit_projection(features[:4], 256, whiten=0.5, seed=0).basis) == 3


def test_equal_rows_give_finite_numbers():
    projection = fit_projection(np.ones((10, 50), np.float16), 8, whiten=1.0, seed=0)
    assert torch.isfinite(projection.apply(np.ones((3, 50), np.float16))).all()


def test_large_cohorts_are_sampled_the_same_way_each_time():
    features = np.random.default_rng(0).normal(size=(2500, 40)).astype(np.float16)
    first, again = (fit_projection(features, 8, whiten=0.5, seed=5) for _ in range(2))
    assert torch.equal(first.basis, again.basis)
    assert first.apply(features).shape == (2500, 8)
