"""What a feature extractor is, and which ones exist; the numbers come from an engine behind it.

Nothing here imports torch: a service may name an extractor without loading one.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from inference.ml.preprocess import PREPROCESSING_VERSION, SIDE
from inference.ml.weights import VGG16_SHA256


@dataclass(frozen=True)
class ExtractorSpec:
    """Identity of an extractor: the same spec means features that may be compared and cached.

    ``shape`` is (channels, rows, columns) of the last feature map; ``weights_sha256`` is over the
    state (``weights.state_sha256``), not over a file.
    """

    code: str
    shape: tuple[int, int, int]
    weights_sha256: str
    preprocessing_version: str

    @property
    def dimensions(self) -> int:
        return prod(self.shape)


VGG16_BLOCK5: Final = ExtractorSpec(
    code="vgg16-block5",
    shape=(512, 7, 7),
    weights_sha256=VGG16_SHA256,
    preprocessing_version=PREPROCESSING_VERSION,
)

EXTRACTORS: Final[dict[str, ExtractorSpec]] = {spec.code: spec for spec in (VGG16_BLOCK5,)}

INPUT_SHAPE: Final = (3, SIDE, SIDE)


def refuse_other_shapes(batch: npt.NDArray[np.generic]) -> None:
    """ValueError for anything but (N, 3, 224, 224)."""
    if batch.ndim != 4 or batch.shape[1:] != INPUT_SHAPE:
        raise ValueError(f"expected (N, 3, 224, 224), got {batch.shape}")


@dataclass(frozen=True)
class EngineFacts:
    """What computed a feature vector: kept with every prediction.

    ``precision`` is of the arithmetic (``fp32``, ``bf16``, ``fp16``); ``version`` is the library's.
    """

    name: str
    device: str
    precision: str
    version: str


@dataclass(frozen=True)
class BatchLimits:
    """What a micro-batch of an engine should be: at most ``rows`` radiographs, and at most
    ``patience`` seconds of waiting for more of them (0 where larger batches gain nothing)."""

    rows: int
    patience: float


class FeatureExtractor(Protocol):
    """Turns preprocessed radiographs into feature vectors."""

    @property
    def spec(self) -> ExtractorSpec: ...
    @property
    def facts(self) -> EngineFacts: ...
    @property
    def limits(self) -> BatchLimits: ...

    def extract(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(N, 3, 224, 224) float32 to (N, dimensions) float32, flattened channel, row, column.

        A row depends on its own radiograph alone, never on its neighbours in the batch. Raises
        ValueError for another shape, MemoryError when the device has no room for so many rows.
        """
        ...

    def before_pooling(self, single: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(3, 224, 224) to the last convolution's activations (after ReLU), (512, 14, 14) for
        VGG16: what Grad-CAM weighs. Max-pooling them gives the features."""
        ...
