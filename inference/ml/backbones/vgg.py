"""The VGG family (Simonyan and Zisserman 2015): 3x3 convolutions, a pooling after each block."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import nn

from inference.ml.backbones.base import Backbone
from inference.ml.networks import vgg_layers


class Vgg(Backbone):
    """Convolutions up to the last pooling; the names of its numbers are torchvision's."""

    def __init__(self, blocks: Sequence[tuple[int, int]]) -> None:
        super().__init__()
        self.features = nn.Sequential(*vgg_layers(blocks))
        for layer in self.features:
            if isinstance(layer, nn.Conv2d) and layer.bias is not None:
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(layer.bias)

    def last_maps(self, inputs: torch.Tensor) -> torch.Tensor:
        maps: torch.Tensor = self.features[:-1](inputs)
        return maps

    def finish(self, maps: torch.Tensor) -> torch.Tensor:
        pooled: torch.Tensor = self.features[-1](maps)
        return pooled.flatten(1)

    def parts(self) -> Iterable[nn.Module]:
        return self.features.children()
