"""MobileNet v2 (Sandler et al. 2018, table 2), the mean of each of its last 1280 maps."""

from __future__ import annotations

from inference.ml.backbones.base import Pooled, blocks_of
from inference.ml.vision import torchvision


def build() -> Pooled:
    return Pooled(blocks_of(torchvision.models.mobilenet_v2(weights=None), "classifier"))
