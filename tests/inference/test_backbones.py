"""Every network of the registry: the shape it says, the layers its paper says, nothing else."""

import warnings

import numpy as np
import pytest
import torch
from torch import nn

from inference.ml.backbones import backbone_with, build_backbone, state_of, trainable_layers
from inference.ml.errors import WeightsRefused
from inference.ml.extractor import EXTRACTORS
from inference.ml.vision import torchvision

CODES = list(EXTRACTORS)
SMALL = ["mobilenet-v2", "cnn-64"]


def on_meta(code):
    with torch.device("meta"):
        return build_backbone(code)


@pytest.mark.parametrize("code", CODES)
def test_its_features_have_the_shape_of_the_registry(code):
    spec = EXTRACTORS[code]
    backbone = on_meta(code).eval()
    features = backbone(torch.empty(2, *spec.input_shape, device="meta"))
    assert features.shape == (2, spec.dimensions)


@pytest.mark.parametrize("code", CODES)
def test_the_halves_are_the_whole(code):
    spec = EXTRACTORS[code]
    maps = on_meta(code).eval().last_maps(torch.empty(1, *spec.input_shape, device="meta"))
    assert maps.dim() == 4
    assert on_meta(code).eval().finish(maps).shape == (1, spec.dimensions)


@pytest.mark.parametrize("code", CODES)
def test_all_its_numbers_are_in_the_layers_to_train(code):
    backbone = on_meta(code)
    in_layers = {id(p) for layer in trainable_layers(backbone) for p in layer.parameters()}
    assert in_layers == {id(p) for p in backbone.parameters()}


def test_layers_are_unfrozen_from_the_output_to_the_input():
    layers = trainable_layers(on_meta("vgg16-fine-tuned"))
    assert len(layers) == 13
    assert (layers[0].in_channels, layers[-1].in_channels) == (512, 3)


def test_building_says_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for code in CODES:
            on_meta(code)


@pytest.mark.parametrize(
    ("code", "name", "left_out"),
    [
        ("vgg16-block5", "vgg16", ("classifier.",)),
        ("vgg19-block5", "vgg19", ("classifier.",)),
        ("resnet-50", "resnet50", ("fc.",)),
        ("inception-v3", "inception_v3", ("fc.", "AuxLogits.")),
        ("mobilenet-v2", "mobilenet_v2", ("classifier.",)),
        ("mobilenet-v3-large", "mobilenet_v3_large", ("classifier.",)),
        ("densenet-121", "densenet121", ("classifier.",)),
        ("densenet-169", "densenet169", ("classifier.",)),
    ],
)
def test_its_numbers_have_the_names_and_shapes_of_torchvision(code, name, left_out):
    more = {"init_weights": False} if name == "inception_v3" else {}
    with torch.device("meta"):
        theirs = getattr(torchvision.models, name)(weights=None, **more)
    expected = {
        name: tensor.shape
        for name, tensor in theirs.state_dict().items()
        if tensor.is_floating_point() and not name.startswith(left_out)
    }
    assert {n: t.shape for n, t in state_of(on_meta(code)).items()} == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("resnet-50", "resnet50"), ("inception-v3", "inception_v3"),
        ("mobilenet-v2", "mobilenet_v2"), ("mobilenet-v3-large", "mobilenet_v3_large"),
        ("densenet-121", "densenet121"),
    ],
)  # fmt: skip
def test_features_are_what_torchvision_gives_its_classifier(code, name):
    """The same numbers in torchvision's whole network, its last layer taken off."""
    torch.manual_seed(1)
    more = {"init_weights": False, "transform_input": True} if name == "inception_v3" else {}
    theirs = getattr(torchvision.models, name)(weights=None, **more).eval()
    for attribute in ("fc", "classifier"):
        if hasattr(theirs, attribute):
            setattr(theirs, attribute, nn.Identity())
    state = {n: t for n, t in theirs.state_dict().items() if t.is_floating_point()}
    own = {n: t for n, t in state.items() if not n.startswith("AuxLogits.")}
    batch = torch.randn(1, *EXTRACTORS[code].input_shape)
    with torch.inference_mode():
        found, expected = backbone_with(code, own)(batch), theirs(batch)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_alexnet_has_the_layers_of_table_four_and_five():
    backbone = on_meta("alexnet-grey")
    convolutions = [m for m in backbone.modules() if isinstance(m, nn.Conv2d)]
    dense = [m for m in backbone.modules() if isinstance(m, nn.Linear)]
    found = [(*c.weight.shape[:3], c.groups) for c in convolutions]
    assert found == [  # kernels, channels of one kernel, side, groups
        (96, 1, 11, 1), (256, 48, 5, 2), (384, 256, 3, 1), (384, 192, 3, 2), (256, 192, 3, 2),
    ]  # fmt: skip
    assert [(d.in_features, d.out_features) for d in dense] == [(9216, 4096), (4096, 4096)]
    kinds = [type(m).__name__ for m in backbone.parts()]
    assert kinds.count("LocalResponseNorm") == 2
    assert kinds.count("ReLU") == 7
    assert kinds.count("MaxPool2d") == 3
    assert [m.p for m in backbone.parts() if isinstance(m, nn.Dropout)] == [0.5, 0.5]


def test_its_normalisation_is_that_of_krizhevsky():
    layer = next(m for m in on_meta("alexnet-grey").parts() if isinstance(m, nn.LocalResponseNorm))
    values = np.random.default_rng(0).normal(0, 30, (1, 12, 1, 1))
    expected = np.empty(12)
    for i in range(12):
        near = values[0, max(0, i - 2) : min(11, i + 2) + 1, 0, 0]
        expected[i] = values[0, i, 0, 0] / (2 + 1e-4 * (near**2).sum()) ** 0.75
    found = layer(torch.from_numpy(values))[0, :, 0, 0].numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_cnn_64_has_fifteen_layers_with_its_head():
    kinds = [type(m).__name__ for m in on_meta("cnn-64").parts()]
    # In Keras, as the paper counts, an activation is part of its layer.
    counted = [kind for kind in kinds if kind != "ReLU"]
    assert len(counted) + 1 == 15
    assert set(counted) == {
        "Conv2d", "BatchNorm2d", "MaxPool2d", "Flatten", "Linear", "Dropout",
    }  # fmt: skip


@pytest.mark.parametrize("code", SMALL)
def test_what_is_kept_is_what_computes(code):
    torch.manual_seed(2)
    backbone = build_backbone(code).eval()
    batch = torch.randn(1, *EXTRACTORS[code].input_shape)
    again = backbone_with(code, state_of(backbone))
    with torch.inference_mode():
        assert torch.equal(again(batch), backbone(batch))
    assert not again.training
    assert not any(p.requires_grad for p in again.parameters())


def test_the_loaded_network_owns_its_numbers():
    state = {n: t.clone() for n, t in state_of(build_backbone("cnn-64")).items()}
    loaded = backbone_with("cnn-64", state)
    before = state_of(loaded)["dense.2.bias"].clone()
    state["dense.2.bias"].fill_(7)
    assert torch.equal(state_of(loaded)["dense.2.bias"], before)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda s: s.pop("dense.2.bias"), "do not fit"),
        (lambda s: s.update(extra=torch.zeros(1)), "do not fit"),
        (lambda s: s.update({"dense.2.bias": torch.zeros(3)}), "do not fit"),
        (lambda s: s.update({"dense.2.bias": torch.full((128,), float("nan"))}), "not finite"),
    ],
    ids=["missing", "extra", "shape", "nan"],
)
def test_other_numbers_are_refused(change, reason):
    state = dict(state_of(build_backbone("cnn-64")))
    change(state)
    with pytest.raises(WeightsRefused, match=reason):
        backbone_with("cnn-64", state)


def test_an_unknown_network_is_an_error():
    with pytest.raises(KeyError):
        build_backbone("os.path")
