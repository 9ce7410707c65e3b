"""The recipes of whole networks: complete, and as the papers say."""

import numpy as np
import pytest
import torch

from inference.ml.extractor import EXTRACTORS
from inference.ml.heads import HEADS
from inference.ml.preprocess import normalised
from retraining.ml.architectures import ARCHITECTURES, spec_of
from retraining.ml.slow.augmentation import AUGMENTATIONS
from retraining.ml.slow.network import Network, inputs_of

NETWORKS = [each for each in ARCHITECTURES.values() if each.lane == "slow"]
RECIPES = [(each, name) for each in NETWORKS for name in each.recipes]


@pytest.mark.parametrize(("network", "name"), RECIPES, ids=[f"{a.code} {n}" for a, n in RECIPES])
def test_every_recipe_is_complete(network, name):
    spec = spec_of(network.code, {"recipe": name}, classes=3, positive=1)
    assert spec.architecture == network.head in HEADS
    assert spec.components is None
    assert spec.augmentation in AUGMENTATIONS
    assert network.backbone in EXTRACTORS
    assert EXTRACTORS[network.backbone].travels


def test_every_network_has_a_default():
    assert {each.code for each in NETWORKS} == {"alexnet-grey", "cnn-64", "vgg16-fine-tuned"}
    assert all("default" in each.recipes for each in NETWORKS)


def test_no_default_exchanges_left_and_right():
    for each in NETWORKS:
        how = AUGMENTATIONS[each.recipes["default"].augmentation]
        assert how is None or not how.mirror


def test_alexnet_as_in_its_paper():
    paper = ARCHITECTURES["alexnet-grey"].recipes["paper"]
    found = (paper.optimizer, paper.learning_rate, paper.momentum, paper.batch_size, paper.epochs)
    assert found == ("sgd", 4e-4, 0.9, 100, 6)
    assert paper.initial == "gaussian"
    assert AUGMENTATIONS[paper.augmentation].degrees == 15


@pytest.mark.parametrize("code", ["vgg16-block5", "resnet-50", "cnn-64"])
def test_films_are_fed_as_in_serving(code):
    spec = EXTRACTORS[code]
    grey = np.random.default_rng(0).random((2, spec.side, spec.side)).astype(np.float32)
    expected = np.stack([normalised(spec.normalisation, each) for each in grey])
    found = inputs_of(torch.from_numpy(grey), spec.normalisation).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("code", ["cnn-64", "vgg16-fine-tuned"])
def test_a_network_takes_its_films_and_gives_its_classes(code):
    architecture = ARCHITECTURES[code]
    spec = spec_of(code, {}, classes=3, positive=0)
    network = Network(architecture, spec).eval()
    side = EXTRACTORS[code].side
    films = torch.rand(1, side, side)
    with torch.inference_mode():
        assert network(inputs_of(films, network.normalisation)).shape == (1, 3)


def test_frozen_layers_are_the_first_convolutions():
    architecture = ARCHITECTURES["vgg16-fine-tuned"]
    network = Network(architecture, architecture.recipes["default"])
    network.freeze()
    learning = [n for n, p in network.backbone.named_parameters() if p.requires_grad]
    assert [name for name in learning if name.endswith("weight")] == [
        f"features.{place}.weight" for place in (17, 19, 21, 24, 26, 28)
    ]
