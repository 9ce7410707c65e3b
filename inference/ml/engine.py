"""From radiographs to outcomes, in two stages: features (slow, cached) and classification (fast).

Between the stages features are fp16, whether they come fresh or from the cache, so that the same
radiograph always gets the same probability.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from inference.ml.artifact import Artifact
from inference.ml.extractor import ExtractorSpec, FeatureExtractor
from inference.ml.heads import head_logits
from inference.ml.preprocess import preprocess
from inference.ml.torch_extractor import TorchExtractor

GROUP: Final = 8

Features = npt.NDArray[np.float16]


class Pixels(Protocol):
    """Canonical pixels of a radiograph and their display range; see ``preprocess``."""

    @property
    def array(self) -> npt.NDArray[np.uint8 | np.uint16]: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


class Engine:
    """Feature vectors of radiographs; holds the only copy of the extractor's weights."""

    def __init__(self, extractor: FeatureExtractor) -> None:
        self._extractor = extractor

    @classmethod
    def from_weights(cls, weights_path: Path, *, threads: int | None = None) -> Engine:
        """Engine on torch; WeightsRefused when the file is not the known VGG16."""
        return cls(TorchExtractor(weights_path, threads=threads))

    @property
    def spec(self) -> ExtractorSpec:
        return self._extractor.spec

    def features(self, radiographs: Iterable[Pixels]) -> Features:
        """(N, dimensions) float16, in the order given; ValueError for pixels out of contract."""
        parts = [np.empty((0, self.spec.dimensions), np.float16)]
        waiting = iter(radiographs)
        # In small groups, so that any number of radiographs fits in memory.
        while group := [preprocess(r.array, r.low, r.high) for r in islice(waiting, GROUP)]:
            parts.append(to_half(self._extractor.extract(np.stack(group))))
        return np.concatenate(parts)


def to_half(features: npt.NDArray[np.floating]) -> Features:
    """Round features to what is stored; what fp16 cannot hold becomes its largest value."""
    largest = float(np.finfo(np.float16).max)
    rounded: Features = np.clip(features, -largest, largest).astype(np.float16)
    return rounded


@dataclass(frozen=True)
class Outcome:
    """``label`` is the positive class at or above ``threshold``, else the likeliest other class."""

    probabilities: dict[str, float]
    positive_probability: float
    label: str
    threshold: float


class Classifier:
    """The head of an artifact, applied to cached or fresh features."""

    def __init__(self, artifact: Artifact) -> None:
        self.manifest = artifact.manifest
        # Doubled once here: a copy of five million weights for each radiograph would be felt.
        self._head = copy.deepcopy(artifact.head).double()

    def probabilities(self, features: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """(N, dimensions) features to (N, classes) calibrated probabilities.

        Raises ValueError for another shape or for features that are not finite.
        """
        expected = self._head.linear_layers()[0].in_features
        if features.ndim != 2 or features.shape[1] != expected:
            raise ValueError(f"expected (N, {expected}) features, got {features.shape}")
        if not np.isfinite(features).all():
            raise ValueError("features are not finite")
        logits = head_logits(self._head, to_half(features))
        return np.asarray(softmax(logits / self.manifest.temperature, axis=1))

    def outcomes(self, features: npt.NDArray[np.floating]) -> list[Outcome]:
        """One outcome for each row of features; ValueError as in ``probabilities``."""
        return [self._outcome(row) for row in self.probabilities(features)]

    def _outcome(self, row: npt.NDArray[np.float64]) -> Outcome:
        manifest = self.manifest
        named = dict(zip(manifest.classes, row.tolist(), strict=True))
        positive = named[manifest.positive]
        others = {code: p for code, p in named.items() if code != manifest.positive}
        label = (
            manifest.positive
            if positive >= manifest.threshold
            else max(others, key=others.__getitem__)
        )
        return Outcome(named, positive, label, manifest.threshold)
