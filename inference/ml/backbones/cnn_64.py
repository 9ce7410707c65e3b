"""The 15-layer network on 64x64 films (Alvaro-Torres et al., UASLP, section II.B): layers 1 to 14.

The paper names the kinds of layers (Conv2D, Batch, MaxPooling2D, Flatten, Dense, Dropout, with
ReLU), their number, the size of the input and the three outputs, but no widths and no order. Our
reading: three times convolution, batch normalisation and pooling (9), flatten (10), dense and
dropout twice (14), and the dense layer of the outputs (15), which is a logistic head.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

import torch
from torch import nn

from inference.ml.backbones.base import Backbone

_MAPS: Final = (32, 64, 128)
_DENSE: Final = (128, 64)


class Cnn64(Backbone):
    """(N, 1, 64, 64) in 0..1 to (N, 64); its last maps are (N, 128, 16, 16)."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(*_convolutions())
        self.dense = nn.Sequential(
            nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(_MAPS[-1] * 8 * 8, _DENSE[0]), nn.ReLU(), nn.Dropout(0.5),
            nn.Linear(_DENSE[0], _DENSE[1]), nn.ReLU(), nn.Dropout(0.5),
        )  # fmt: skip

    def last_maps(self, inputs: torch.Tensor) -> torch.Tensor:
        maps: torch.Tensor = self.features(inputs)
        return maps

    def finish(self, maps: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.dense(maps)
        return features

    def parts(self) -> Iterable[nn.Module]:
        return chain(self.features.children(), self.dense.children())


def build() -> Cnn64:
    return Cnn64()


def _convolutions() -> Iterator[nn.Module]:
    inputs = 1
    for maps in _MAPS:
        if inputs > 1:
            yield nn.MaxPool2d(2)
        # As in Keras: the ReLU belongs to the convolution, the normalisation follows it.
        yield nn.Conv2d(inputs, maps, kernel_size=3, padding=1)
        yield nn.ReLU(inplace=True)
        yield nn.BatchNorm2d(maps)
        inputs = maps
