"""VGG19 up to the fifth pooling (Simonyan and Zisserman 2015, table 1, column E)."""

from __future__ import annotations

from typing import Final

from inference.ml.backbones.vgg import Vgg

BLOCKS: Final = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))


def build() -> Vgg:
    return Vgg(BLOCKS)
