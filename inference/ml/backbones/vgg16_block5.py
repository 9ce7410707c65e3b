"""VGG16 up to the fifth pooling (Simonyan and Zisserman 2015, table 1, column D)."""

from __future__ import annotations

from inference.ml.backbones.vgg import Vgg
from inference.ml.networks import VGG16_BLOCKS


def build() -> Vgg:
    return Vgg(VGG16_BLOCKS)
