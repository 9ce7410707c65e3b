"""MobileNet v3 large (Howard et al. 2019, table 1), the mean of each of its last 960 maps.

Its last activation is h-swish, which falls to -0.375 below zero: Grad-CAM reads these maps as they
are.
"""

from __future__ import annotations

from inference.ml.backbones.base import Pooled, blocks_of
from inference.ml.vision import torchvision


def build() -> Pooled:
    network = torchvision.models.mobilenet_v3_large(weights=None)
    return Pooled(blocks_of(network, "avgpool", "classifier"))
