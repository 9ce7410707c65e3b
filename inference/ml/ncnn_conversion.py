"""From a plain chain of torch layers to ncnn's own two files, without pnnx.

``.param`` is text: a magic number, the counts of layers and blobs, then for each layer its kind,
name, blobs and numbered settings. ``.bin`` holds the numbers in the same order. Source: ncnn wiki,
"param and model file structure" and "operators".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import nn

from inference.ml.errors import NotConvertible
from inference.ml.ncnn_folder import ACTIVATIONS, FEATURES, INPUT, NcnnFiles

_MAGIC: Final = "7767517"
_PLAIN_FLOAT32: Final = struct.pack("<I", 0)
_ACTIVATION: Final = 9
_RELU: Final = 1


@dataclass(frozen=True)
class NcnnLayer:
    """One layer as ncnn knows it; ``weight`` and ``bias`` are None where it has none."""

    kind: str
    settings: dict[int, int]
    weight: torch.Tensor | None = None
    bias: torch.Tensor | None = None

    def with_relu(self) -> NcnnLayer:
        return replace(self, settings=self.settings | {_ACTIVATION: _RELU})


def convert(network: nn.Module) -> NcnnFiles:
    """The files of a network that computes the same; NotConvertible as in ``layers_of``."""
    layers = layers_of(network)
    return NcnnFiles(_param_text(layers), _weight_bytes(layers))


def layers_of(network: nn.Module) -> list[NcnnLayer]:
    """A chain of Conv2d, ReLU and MaxPool2d that ends in a convolution and its pooling, for ncnn.

    Each ReLU becomes part of the convolution before it. Raises NotConvertible for anything else.
    The numbers are not looked at: a network on the ``meta`` device will do.
    """
    layers: list[NcnnLayer] = []
    for module in _chain(network):
        if type(module) is nn.ReLU and layers and layers[-1].kind == "Convolution":
            layers[-1] = layers[-1].with_relu()
        else:
            layers.append(_layer(module))
    if [layer.kind for layer in layers[-2:]] != ["Convolution", "Pooling"]:
        raise NotConvertible("it stays on torch: it does not end in a convolution and its pooling")
    return layers


def _param_text(layers: Sequence[NcnnLayer]) -> str:
    between = [f"blob{place}" for place in range(1, len(layers) - 1)]
    blobs = [INPUT, *between, ACTIVATIONS, FEATURES]
    lines = [f"Input {INPUT} 0 1 {INPUT}"]
    for layer, bottom, top in zip(layers, blobs, blobs[1:], strict=False):
        settings = " ".join(f"{key}={value}" for key, value in layer.settings.items())
        lines.append(f"{layer.kind} {top} 1 1 {bottom} {top} {settings}".rstrip())
    return "\n".join([_MAGIC, f"{len(lines)} {len(blobs)}", *lines, ""])


def _weight_bytes(layers: Sequence[NcnnLayer]) -> Iterator[bytes]:
    for layer in layers:
        if layer.weight is not None:
            yield _PLAIN_FLOAT32
            yield _bytes(layer.weight)
        if layer.bias is not None:
            yield _bytes(layer.bias)


def _chain(network: nn.Module) -> Iterator[nn.Module]:
    # By exact type: a subclass may do anything in its forward pass.
    if type(network) is not nn.Sequential:
        name = type(network).__name__
        raise NotConvertible(f"it stays on torch: {name} is not a plain sequence of layers")
    for module in network:
        if isinstance(module, nn.Sequential):
            yield from _chain(module)
        else:
            yield module


def _layer(module: nn.Module) -> NcnnLayer:
    if type(module) is nn.Conv2d:
        return _convolution(module)
    if type(module) is nn.MaxPool2d:
        return _pooling(module)
    if type(module) is nn.ReLU:
        return NcnnLayer("ReLU", {})
    name = type(module).__name__
    raise NotConvertible(
        f"it stays on torch: its layer {name} is none of Conv2d, ReLU and MaxPool2d"
    )


def _convolution(module: nn.Conv2d) -> NcnnLayer:
    if module.groups != 1 or module.padding_mode != "zeros" or isinstance(module.padding, str):
        raise NotConvertible("it stays on torch: a Conv2d has groups or a padding of another kind")
    rows, columns = module.padding
    settings = {0: module.out_channels}
    settings |= _by_side(1, module.kernel_size) | _by_side(2, module.dilation)
    settings |= _by_side(3, module.stride) | {4: columns, 15: columns, 14: rows, 16: rows}
    settings |= {5: int(module.bias is not None), 6: module.weight.numel()}
    return NcnnLayer("Convolution", settings, module.weight, module.bias)


def _pooling(module: nn.MaxPool2d) -> NcnnLayer:
    if module.ceil_mode or module.return_indices or _pair(module.dilation) != (1, 1):
        raise NotConvertible("it stays on torch: a MaxPool2d is dilated, rounds up or gives places")
    rows, columns = _pair(module.padding)
    settings = {0: 0} | _by_side(1, _pair(module.kernel_size)) | _by_side(2, _pair(module.stride))
    # 5=1: as torch does, a window that does not fit whole is left out.
    settings |= {3: columns, 14: columns, 13: rows, 15: rows, 5: 1}
    return NcnnLayer("Pooling", settings)


def _by_side(key: int, rows_and_columns: tuple[int, ...]) -> dict[int, int]:
    """ncnn numbers a setting along the columns, and the same along the rows ten higher."""
    rows, columns = rows_and_columns
    return {key: columns, key + 10: rows}


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value


def _bytes(numbers: torch.Tensor) -> bytes:
    plain: bytes = numbers.detach().to("cpu", torch.float32).numpy().astype("<f4").tobytes()
    return plain
