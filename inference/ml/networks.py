"""The torch networks behind the registry's extractors, in evaluation mode.

VGG16 is spelt out here (Simonyan and Zisserman 2015, table 1, column D): importing torchvision for
it would cost each worker 1.5 s and 80 MB.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, Literal

import torch
from torch import nn

from inference.ml import weights
from inference.ml.extractor import VGG16_BLOCK5, ExtractorSpec

# Convolutions and channels of VGG16's five blocks; a pooling ends each.
VGG16_BLOCKS: Final = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))

# bf16 is for measuring: its eight bits put VGG16's features up to 5 % off, those of fp16 0.4 %.
Precision = Literal["fp32", "fp16", "bf16"]
_TYPES: Final[dict[Precision, torch.dtype]] = {
    "fp32": torch.float32,
    "fp16": torch.float16,
    "bf16": torch.bfloat16,
}
# Activations of real radiographs reach 20,000, and fp16 ends at 65,504: they are kept this much
# smaller. A power of two costs no bit.
_SHRUNK: Final[dict[Precision, float]] = {"fp32": 1.0, "fp16": 1 / 16, "bf16": 1.0}


def structure_of(spec: ExtractorSpec) -> nn.Sequential:
    """The network of ``spec`` without its numbers (on torch's ``meta`` device): costs no memory."""
    with torch.device("meta"):
        return _STRUCTURES[spec.code]().eval().requires_grad_(False)


def network_of(spec: ExtractorSpec, weights_path: Path) -> nn.Sequential:
    """The network of ``spec`` up to its last pooling, float32 on the CPU.

    Raises WeightsRefused when the file does not hold the known numbers, OSError when it cannot be
    read.
    """
    state = weights.load(weights_path)
    # Filled at once: random numbers for a network that is overwritten anyway take seconds.
    network = structure_of(spec)
    tensors = {name.removeprefix("features."): torch.from_numpy(a) for name, a in state.items()}
    network.load_state_dict(tensors, strict=True, assign=True)
    return network.requires_grad_(False)


def placed(network: nn.Sequential, device: torch.device, precision: Precision) -> nn.Sequential:
    """The same network on ``device``, to be ``run`` in ``precision`` with channels last.

    For fp16 the biases become a sixteenth: convolution, ReLU and max-pooling of inputs and biases
    a sixteenth as large give activations a sixteenth as large.
    """
    for module in network:
        if isinstance(module, nn.Conv2d) and module.bias is not None:
            module.bias.mul_(_SHRUNK[precision])
    moved = network.to(device=device, dtype=_TYPES[precision])
    return moved.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def run(network: nn.Module, batch: torch.Tensor, precision: Precision) -> torch.Tensor:
    """(N, 3, 224, 224) float32 through a placed network; float32 (N, channels, rows, columns)."""
    small = batch * _SHRUNK[precision]
    rounded = small.to(dtype=_TYPES[precision], memory_format=torch.channels_last)
    activations: torch.Tensor = network(rounded)
    return activations.float() / _SHRUNK[precision]


def _vgg16() -> nn.Sequential:
    return nn.Sequential(*vgg_layers(VGG16_BLOCKS))


def vgg_layers(blocks: Sequence[tuple[int, int]]) -> Iterator[nn.Module]:
    """The layers of a VGG network: for each block how many convolutions, and their channels."""
    inputs = 3
    for convolutions, channels in blocks:
        for _ in range(convolutions):
            yield nn.Conv2d(inputs, channels, kernel_size=3, padding=1)
            yield nn.ReLU(inplace=True)
            inputs = channels
        yield nn.MaxPool2d(kernel_size=2, stride=2)


_STRUCTURES: Final[dict[str, Callable[[], nn.Sequential]]] = {VGG16_BLOCK5.code: _vgg16}
