"""What a feature extractor is, and which ones exist; the numbers come from an engine behind it.

Nothing here imports torch: a service may name an extractor without loading one.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from inference.ml.preprocess import PREPROCESSING_VERSION
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


class FeatureExtractor(Protocol):
    """Turns preprocessed radiographs into feature vectors."""

    @property
    def spec(self) -> ExtractorSpec: ...

    def extract(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(N, 3, 224, 224) float32 to (N, dimensions) float32, flattened channel, row, column.

        A row depends on its own radiograph alone, never on its neighbours in the batch.
        """
        ...
