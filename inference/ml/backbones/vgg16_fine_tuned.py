"""VGG16 up to the fifth pooling, trained on together with its head.

It starts from the convolutions trained on ImageNet (`extractor_weights.starting_state`).
"""

from __future__ import annotations

from inference.ml.backbones.vgg import Vgg
from inference.ml.networks import VGG16_BLOCKS


def build() -> Vgg:
    return Vgg(VGG16_BLOCKS)
