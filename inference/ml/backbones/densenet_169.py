"""DenseNet-169 (Huang et al. 2017, table 1): 1664 features."""

from __future__ import annotations

from inference.ml.backbones.densenet import DenseNet
from inference.ml.vision import torchvision


def build() -> DenseNet:
    return DenseNet(torchvision.models.densenet169(weights=None))
