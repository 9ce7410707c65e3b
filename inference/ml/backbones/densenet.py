"""The DenseNet family (Huang et al. 2017, table 1): the mean of each map after a last ReLU."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from inference.ml.backbones.base import Pooled, blocks_of


class DenseNet(Pooled):
    def __init__(self, network: nn.Module) -> None:
        super().__init__(blocks_of(network, "classifier"))

    def last_maps(self, inputs: torch.Tensor) -> torch.Tensor:
        return super().last_maps(inputs).relu()

    def parts(self) -> Iterable[nn.Module]:
        """Its dense blocks and what lies between them."""
        return self.get_submodule("features").children()
