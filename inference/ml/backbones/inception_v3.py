"""Inception v3 (Szegedy et al. 2016, table 1), the mean of each of its last 2048 maps.

torchvision's numbers are those of TensorFlow's network, which was fed with values of -1..1.
"""

from __future__ import annotations

from typing import Final

import torch

from inference.ml.backbones.base import Pooled, blocks_of
from inference.ml.preprocess import IMAGENET_DEVIATION, IMAGENET_MEAN
from inference.ml.vision import torchvision

_MIDDLE: Final = 0.5


class InceptionV3(Pooled):
    """Takes what the other networks take (preprocess ``imagenet``) and turns it to -1..1."""

    def last_maps(self, inputs: torch.Tensor) -> torch.Tensor:
        mean = torch.tensor(IMAGENET_MEAN, dtype=inputs.dtype, device=inputs.device)
        deviation = torch.tensor(IMAGENET_DEVIATION, dtype=inputs.dtype, device=inputs.device)
        unit = inputs * deviation[:, None, None] + mean[:, None, None]
        return super().last_maps((unit - _MIDDLE) / _MIDDLE)


def build() -> InceptionV3:
    # The second classifier serves training from nothing; without it there is no need to drop it.
    network = torchvision.models.inception_v3(weights=None, aux_logits=False, init_weights=False)
    return InceptionV3(blocks_of(network, "avgpool", "dropout", "fc"))
