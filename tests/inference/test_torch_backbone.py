"""Any network as an extractor: a radiograph's features are its own, Grad-CAM can go back."""

import copy

import numpy as np
import pytest
import torch

from inference.ml.backbones import build_backbone
from inference.ml.engine import Engine
from inference.ml.extractor import EXTRACTORS
from inference.ml.torch_backbone import TorchBackbone


@pytest.fixture(scope="module", params=["mobilenet-v2", "alexnet-grey", "cnn-64"])
def extractor(request):
    torch.manual_seed(4)
    return TorchBackbone(EXTRACTORS[request.param], build_backbone(request.param))


@pytest.fixture(scope="module")
def batch(extractor):
    random = np.random.default_rng(5)
    return random.uniform(0, 1, (3, *extractor.spec.input_shape)).astype(np.float32)


def test_features_have_the_shape_of_the_registry(extractor, batch):
    features = extractor.extract(batch)
    assert (features.shape, features.dtype) == ((3, extractor.spec.dimensions), np.float32)
    assert len(np.unique(features, axis=0)) == 3


def test_neighbours_in_the_batch_do_not_show(extractor, batch):
    alone = np.concatenate([extractor.extract(film[None]) for film in batch])
    assert np.array_equal(alone, extractor.extract(batch))
    assert np.array_equal(extractor.extract(batch[::-1]), alone[::-1])


def test_dropout_is_off(extractor, batch):
    assert np.array_equal(extractor.extract(batch[:1]), extractor.extract(batch[:1]))


def test_the_last_maps_give_the_features(extractor, batch):
    activations = extractor.before_pooling(batch[1])
    assert activations.ndim == 3
    features = extractor.extract(batch[1:2])[0]
    np.testing.assert_allclose(extractor.finish(activations), features, rtol=1e-4, atol=1e-5)


def test_the_gradient_is_carried_back_as_differences_say(extractor, batch):
    """In double precision, so that a step is too small to pass any bend of a ReLU or pooling."""
    activations = extractor.before_pooling(batch[0])
    # After a ReLU many places are equal: a maximum over them has no one slope.
    activations += np.random.default_rng(3).uniform(0, 0.01, activations.shape).astype(np.float32)
    weights = np.random.default_rng(1).normal(size=extractor.spec.dimensions)
    found = extractor.gradient_before_pooling(activations, weights)
    assert found.shape == activations.shape
    way = np.random.default_rng(2).normal(size=activations.shape)
    exact = copy.deepcopy(extractor._module).double()
    ends = [
        exact.finish(torch.from_numpy(activations + step * way)[None]) for step in (1e-8, -1e-8)
    ]
    measured = float(torch.from_numpy(weights) @ (ends[0] - ends[1])[0] / 2e-8)
    assert float((found * way).sum()) == pytest.approx(measured, rel=1e-3)


def test_an_empty_batch_gives_no_rows(extractor, batch):
    assert extractor.extract(batch[:0]).shape == (0, extractor.spec.dimensions)


@pytest.mark.parametrize("shape", [(3, 10, 10), (1, 3, 100, 100), (1, 2, 64, 64)])
def test_another_shape_is_refused(extractor, shape):
    with pytest.raises(ValueError, match="expected"):
        extractor.extract(np.zeros(shape, np.float32))


def test_it_runs_in_the_engine():
    torch.manual_seed(4)
    engine = Engine(TorchBackbone(EXTRACTORS["cnn-64"], build_backbone("cnn-64")))
    film = np.random.default_rng(0).integers(0, 255, (1, 1, 64, 64)).astype(np.float32) / 255
    assert engine.features_of(film).dtype == np.float16
    assert engine.facts.precision == "fp32"
