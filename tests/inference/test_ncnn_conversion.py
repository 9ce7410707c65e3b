"""A plain chain of layers computes the same on ncnn; any other network is refused with a reason."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from inference.ml import ncnn_folder
from inference.ml.errors import NotConvertible
from inference.ml.extractor import VGG16_BLOCK5, ExtractorSpec
from inference.ml.ncnn_conversion import convert, layers_of
from inference.ml.ncnn_extractor import NcnnExtractor
from inference.ml.networks import structure_of
from inference.ml.vision import torchvision

END = (nn.Conv2d(4, 4, 3), nn.ReLU(), nn.MaxPool2d(2))


def on_both(network, folder):
    """Features of one noisy input, on torch and on ncnn."""
    batch = np.random.default_rng(1).normal(0, 60, (1, 3, 224, 224)).astype(np.float32)
    with torch.inference_mode():
        features = network.eval()(torch.from_numpy(batch)).numpy()
    spec = ExtractorSpec("random", features.shape[1:], "0" * 64, "xr-224-1")
    model = ncnn_folder.kept(folder, spec, lambda: convert(network))
    return features.reshape(1, -1), NcnnExtractor(model, spec, threads=1).extract(batch)


def assert_alike(expected, found):
    assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max()


@st.composite
def chains(draw):
    """One or two convolutions of any make, each with a pooling, and the end that is wanted."""
    sides = st.tuples(st.integers(1, 3), st.integers(1, 3))
    steps = st.tuples(st.integers(1, 2), st.integers(1, 2))
    layers, channels = [], 3
    for _ in range(draw(st.integers(1, 2))):
        width = draw(st.integers(1, 20))
        layers.append(
            nn.Conv2d(
                channels, width, draw(sides), stride=draw(steps), dilation=draw(sides),
                padding=draw(sides), bias=draw(st.booleans()),
            )
        )  # fmt: skip
        layers += [nn.ReLU()] * draw(st.integers(0, 1))
        window = draw(st.integers(2, 3))
        layers.append(nn.MaxPool2d(window, draw(st.integers(1, 2)), draw(st.integers(0, 1))))
        layers += [nn.ReLU()] * draw(st.integers(0, 1))
        channels = width
    return nn.Sequential(*layers, nn.Conv2d(channels, 2, 2), nn.MaxPool2d(2))


@settings(max_examples=12, deadline=None)
@given(network=chains(), seed=st.integers(0, 9))
def test_any_plain_chain_computes_the_same(network, seed, tmp_path_factory):
    torch.manual_seed(seed)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.3)
    assert_alike(*on_both(network, tmp_path_factory.mktemp("chain")))


def test_a_chain_within_a_chain_is_one_chain(tmp_path):
    network = nn.Sequential(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), *END)
    assert_alike(*on_both(network, tmp_path))


@pytest.mark.slow
def test_alexnet_of_torchvision_converts(tmp_path):
    assert_alike(*on_both(torchvision.models.alexnet(weights=None).features, tmp_path))


@pytest.mark.slow
def test_vgg19_of_torchvision_converts(tmp_path):
    models = torchvision.models.vgg
    assert_alike(*on_both(models.make_layers(models.cfgs["E"]), tmp_path))


def test_every_relu_of_vgg16_is_part_of_its_convolution():
    kinds = [layer.kind for layer in layers_of(structure_of(VGG16_BLOCK5))]
    assert (kinds.count("Convolution"), kinds.count("Pooling"), len(kinds)) == (13, 5, 18)


REFUSED = {
    "its layer BatchNorm2d is none of": lambda: nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), *END
    ),
    "its layer AdaptiveAvgPool2d is none of": lambda: nn.Sequential(*END, nn.AdaptiveAvgPool2d(7)),
    "ResNet is not a plain sequence": lambda: torchvision.models.resnet18(weights=None),
    "a Conv2d has groups": lambda: nn.Sequential(nn.Conv2d(4, 4, 3, groups=4), *END),
    "a padding of another kind": lambda: nn.Sequential(nn.Conv2d(4, 4, 3, padding="same"), *END),
    "a MaxPool2d is dilated, rounds up": lambda: nn.Sequential(
        *END, nn.MaxPool2d(2, ceil_mode=True)
    ),
    "does not end in a convolution and its pooling": lambda: nn.Sequential(*END[:2]),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_another_network_is_refused_with_its_reason(reason):
    with torch.device("meta"):
        network = REFUSED[reason]()
    with pytest.raises(NotConvertible, match=f"it stays on torch: .*{reason}"):
        layers_of(network)


def test_a_layer_that_only_looks_like_a_convolution_is_refused():
    class Doubled(nn.Conv2d):
        def forward(self, values):
            return 2 * super().forward(values)

    with pytest.raises(NotConvertible, match="its layer Doubled"):
        layers_of(nn.Sequential(Doubled(3, 4, 3), *END))
