"""The networks of the registry, and the precisions that a GPU computes in (here on the CPU)."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from inference.ml.extractor import VGG16_BLOCK5
from inference.ml.networks import placed, run, structure_of
from inference.ml.torch_memory import memory_errors
from inference.ml.vision import torchvision

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def small():
    torch.manual_seed(0)
    layers = (nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 8, 3, padding=1), nn.ReLU())
    return nn.Sequential(*layers, nn.MaxPool2d(2)).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def batch():
    return torch.from_numpy(np.random.default_rng(2).normal(0, 60, (2, 3, 32, 32))).float()


def test_vgg16_is_built_as_torchvision_builds_it():
    with torch.device("meta"):
        theirs = torchvision.models.vgg16(weights=None).features
    assert str(structure_of(VGG16_BLOCK5)) == str(theirs)


def test_vgg16_gives_what_the_registry_says():
    with torch.device("meta"):
        features = structure_of(VGG16_BLOCK5)(torch.empty(1, 3, 224, 224))
    assert features.shape == (1, *VGG16_BLOCK5.shape)


@pytest.mark.parametrize(("precision", "error"), [("fp32", 1e-6), ("fp16", 1e-2), ("bf16", 1e-2)])
def test_a_precision_is_near_float32(small, batch, precision, error):
    expected = small(batch)
    found = run(placed(copy.deepcopy(small), CPU, precision), batch, precision)
    assert (found.dtype, found.shape) == (torch.float32, expected.shape)
    assert (found - expected).abs().max() <= error * expected.abs().max()


def test_features_keep_their_order_with_channels_last(small, batch):
    found = run(placed(copy.deepcopy(small), CPU, "fp32"), batch, "fp32").flatten(1)
    torch.testing.assert_close(found, small(batch).flatten(1))


def test_activations_beyond_fp16_stay_finite():
    large = nn.Sequential(nn.Conv2d(1, 1, 1)).requires_grad_(False)
    large[0].weight.fill_(1000)
    large[0].bias.fill_(8)
    found = run(placed(large, CPU, "fp16"), torch.full((1, 1, 1, 1), 100.0), "fp16")
    assert found.item() == pytest.approx(100_008, rel=1e-3)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("no room"),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
    ids=["torch", "cuda", "cpu"],
)
def test_torch_without_memory_raises_pythons_error(error):
    with pytest.raises(MemoryError), memory_errors():
        raise error


def test_a_recording_that_ended_for_want_of_memory_is_one():
    error = RuntimeError("operation failed due to a previous error during capture")
    error.__context__ = torch.OutOfMemoryError("no room")
    with pytest.raises(MemoryError), memory_errors():
        raise error


def test_the_processors_allocator_really_says_so():
    with pytest.raises(MemoryError), memory_errors():
        torch.empty(1 << 58, dtype=torch.uint8)


def test_another_error_stays_what_it_is():
    with pytest.raises(RuntimeError, match="shape"), memory_errors():
        raise RuntimeError("shape mismatch")
