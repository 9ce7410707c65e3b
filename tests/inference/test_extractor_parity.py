"""Every engine computes VGG16 block 5 as published, and a radiograph's features are its own."""

import numpy as np
import pytest

from inference.ml import engines
from inference.ml.explain import pooled
from inference.ml.extractor import EXTRACTORS
from tests.development import vgg16_weights
from tests.engines import METHODS, native_extractor

pytestmark = pytest.mark.data


@pytest.fixture(scope="module", params=["ncnn", "torch", *METHODS])
def extractor(request, tmp_path_factory):
    if request.param in METHODS:
        return native_extractor(vgg16_weights(), request.param)
    return engines.build(request.param, vgg16_weights(), tmp_path_factory.mktemp("engine"))


@pytest.fixture(scope="module")
def batch():
    random = np.random.default_rng(5)
    return random.normal(0, 60, (3, 3, 224, 224)).astype(np.float32)


@pytest.fixture(scope="module")
def features(extractor, batch):
    return extractor.extract(batch)


@pytest.fixture(scope="module")
def paper(batch):
    """VGG16 spelt out from the paper's table I: 13 convolutions, a pooling after each block."""
    import torch
    from torch.nn import functional

    from inference.ml import weights

    state = {name: torch.from_numpy(a) for name, a in weights.load(vgg16_weights()).items()}
    places = iter((0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28))
    values = torch.from_numpy(batch)
    for convolutions in (2, 2, 3, 3, 3):
        for _ in range(convolutions):
            name = f"features.{next(places)}"
            kernel, bias = state[f"{name}.weight"], state[f"{name}.bias"]
            values = functional.conv2d(values, kernel, bias, padding=1).relu()
        values = functional.max_pool2d(values, 2)
    return values.flatten(1).numpy()


def test_it_is_vgg16_of_the_paper(features, paper):
    assert np.abs(features - paper).max() <= 1e-3 * np.abs(paper).max()


def test_shape_is_that_of_the_registry(extractor, features):
    assert extractor.spec == EXTRACTORS["vgg16-block5"]
    assert (features.shape, features.dtype) == ((3, 25088), np.float32)


def test_neighbours_in_the_batch_do_not_show(extractor, features, batch):
    alone = np.concatenate([extractor.extract(radiograph[None]) for radiograph in batch])
    assert np.array_equal(alone, features)


def test_the_place_in_the_batch_does_not_show(extractor, features, batch):
    assert np.array_equal(extractor.extract(batch[::-1]), features[::-1])


def test_pooling_what_comes_before_it_gives_the_features(extractor, features, batch):
    activations = extractor.before_pooling(batch[1])
    assert (activations.shape, activations.dtype) == ((512, 14, 14), np.float32)
    np.testing.assert_allclose(pooled(activations), features[1], rtol=1e-4, atol=1e-3)


def test_an_empty_batch_gives_no_rows(extractor, batch):
    assert extractor.extract(batch[:0]).shape == (0, 25088)


@pytest.mark.parametrize("shape", [(3, 224, 224), (1, 1, 224, 224), (1, 3, 256, 256)])
def test_another_shape_is_refused(extractor, shape):
    with pytest.raises(ValueError, match="expected"):
        extractor.extract(np.zeros(shape, np.float32))


@pytest.mark.parametrize("shape", [(1, 3, 224, 224), (224, 224)])
def test_activations_are_of_one_radiograph(extractor, shape):
    with pytest.raises(ValueError, match="expected"):
        extractor.before_pooling(np.zeros(shape, np.float32))
