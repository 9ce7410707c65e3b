"""DenseNet-121 (Huang et al. 2017, table 1): 1024 features."""

from __future__ import annotations

from inference.ml.backbones.densenet import DenseNet
from inference.ml.vision import torchvision


def build() -> DenseNet:
    return DenseNet(torchvision.models.densenet121(weights=None))
