"""What all networks have in common: last maps, then features."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

import torch
from torch import nn


class Backbone(nn.Module, ABC):
    """(N, channels, side, side) float to (N, dimensions), in two halves.

    ``last_maps`` gives the last block's activations (N, C, rows, columns); ``finish`` makes the
    features of them. Grad-CAM needs the place in between.
    """

    @abstractmethod
    def last_maps(self, inputs: torch.Tensor) -> torch.Tensor: ...

    @abstractmethod
    def finish(self, maps: torch.Tensor) -> torch.Tensor: ...

    def parts(self) -> Iterable[nn.Module]:
        """The layers or blocks, from the input to the output."""
        return self.children()

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.finish(self.last_maps(inputs))


class Pooled(Backbone):
    """Convolutional blocks one after the other, then the mean of each map.

    ``blocks`` keep the names that torchvision gives them, and so do their numbers.
    """

    def __init__(self, blocks: Mapping[str, nn.Module]) -> None:
        super().__init__()
        for name, block in blocks.items():
            self.add_module(name, block)

    def last_maps(self, inputs: torch.Tensor) -> torch.Tensor:
        for block in self.children():
            inputs = block(inputs)
        return inputs

    def finish(self, maps: torch.Tensor) -> torch.Tensor:
        return maps.mean(dim=(2, 3))


def blocks_of(network: nn.Module, *left_out: str) -> dict[str, nn.Module]:
    """The named blocks of a network of torchvision but for its classifier."""
    return {name: block for name, block in network.named_children() if name not in left_out}
