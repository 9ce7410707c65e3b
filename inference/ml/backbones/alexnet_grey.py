"""AlexNet with a grey first layer (AlexNet paper, tables IV and V), up to its second dropout.

Layers 2 to 22 of the tables; "fc special" (23) is a logistic head. Groups as in the tables.
Krizhevsky et al. 2012, section 3.3, give the normalisation's constants. The numbers of ImageNet
that the paper starts from were published for three channels and another framework: here it starts
from random ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

import torch
from torch import nn

from inference.ml.backbones.base import Backbone


class AlexNetGrey(Backbone):
    """(N, 1, 227, 227) in 0..1 to (N, 4096); its last maps are (N, 256, 13, 13)."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 96, kernel_size=11, stride=4), nn.ReLU(inplace=True),
            _normalisation(), nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(96, 256, kernel_size=5, padding=2, groups=2), nn.ReLU(inplace=True),
            _normalisation(), nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(256, 384, kernel_size=3, padding=1), nn.ReLU(inplace=True),
            nn.Conv2d(384, 384, kernel_size=3, padding=1, groups=2), nn.ReLU(inplace=True),
            nn.Conv2d(384, 256, kernel_size=3, padding=1, groups=2), nn.ReLU(inplace=True),
        )  # fmt: skip
        self.dense = nn.Sequential(
            nn.MaxPool2d(kernel_size=3, stride=2), nn.Flatten(),
            nn.Linear(256 * 6 * 6, 4096), nn.ReLU(), nn.Dropout(0.5),
            nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(0.5),
        )  # fmt: skip
        self.apply(_start)

    def last_maps(self, inputs: torch.Tensor) -> torch.Tensor:
        maps: torch.Tensor = self.features(inputs)
        return maps

    def finish(self, maps: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.dense(maps)
        return features

    def parts(self) -> Iterable[nn.Module]:
        return chain(self.features.children(), self.dense.children())


def build() -> AlexNetGrey:
    return AlexNetGrey()


def _normalisation() -> nn.LocalResponseNorm:
    # torch divides alpha by the number of neighbours, the paper of 2012 does not.
    return nn.LocalResponseNorm(size=5, alpha=5e-4, beta=0.75, k=2.0)


def _start(layer: nn.Module) -> None:
    if isinstance(layer, (nn.Conv2d, nn.Linear)) and layer.bias is not None:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
