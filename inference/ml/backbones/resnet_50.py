"""ResNet-50 (He et al. 2016, table 1, 50 layers), the mean of each of its last 2048 maps."""

from __future__ import annotations

from inference.ml.backbones.base import Pooled, blocks_of
from inference.ml.vision import torchvision


def build() -> Pooled:
    return Pooled(blocks_of(torchvision.models.resnet50(weights=None), "avgpool", "fc"))
