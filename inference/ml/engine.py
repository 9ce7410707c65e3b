"""From radiographs to outcomes, in two stages: features (slow, cached) and classification (fast).

Between the stages features are fp16, whether they come fresh or from the cache, so that the same
radiograph always gets the same probability.
"""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, Protocol, cast

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from inference.ml import engines
from inference.ml.artifact import Artifact
from inference.ml.explain import LastPart
from inference.ml.extractor import BatchLimits, EngineFacts, ExtractorSpec, FeatureExtractor
from inference.ml.heads import head_gradient, head_logits
from inference.ml.pending import PendingFeatures, Ready, Rounded
from inference.ml.precision import Features, to_half
from inference.ml.preprocess import preprocess


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
    def from_weights(
        cls,
        weights_path: Path,
        *,
        threads: int | None = None,
        name: str = engines.AUTO,
        folder: Path | None = None,
    ) -> Engine:
        """The engine called ``name``, or the best of this machine; see ``engines.build``.

        ``folder`` keeps what the engine makes of the weights, for the next start. Without one it is
        made again each time and nothing stays. Raises WeightsRefused when the file is not the known
        VGG16, else as ``engines.build``.
        """
        if folder is not None:
            return cls(engines.build(name, weights_path, folder, threads))
        with tempfile.TemporaryDirectory(prefix="covid-xr-engine-") as passing:
            return cls(engines.build(name, weights_path, Path(passing), threads))

    @property
    def spec(self) -> ExtractorSpec:
        return self._extractor.spec

    @property
    def facts(self) -> EngineFacts:
        return self._extractor.facts

    @property
    def limits(self) -> BatchLimits:
        return self._extractor.limits

    def features(self, radiographs: Iterable[Pixels]) -> Features:
        """(N, dimensions) float16, in the order given; ValueError for pixels out of contract."""
        parts = [np.empty((0, self.spec.dimensions), np.float16)]
        waiting = iter(radiographs)
        # In small groups, so that any number of radiographs fits in memory.
        rows = self.limits.rows
        while group := [preprocess(r.array, r.low, r.high) for r in islice(waiting, rows)]:
            parts.append(self.features_of(np.stack(group)))
        return np.concatenate(parts)

    def features_of(self, inputs: npt.NDArray[np.float32]) -> Features:
        """(N, 3, 224, 224) float32, as ``preprocess`` makes them, to (N, dimensions) float16.

        Where the device has no room for so many rows, the halves are tried one after the other.
        Raises ValueError for another shape, MemoryError when there is no room for a single row.
        """
        try:
            return to_half(self._extractor.extract(inputs))
        except MemoryError:
            if len(inputs) < 2:
                raise
        # Out of the handler: there the error would still hold what filled the device.
        middle = len(inputs) // 2
        halves = self.features_of(inputs[:middle]), self.features_of(inputs[middle:])
        return np.concatenate(halves)

    def begin(self, inputs: npt.NDArray[np.float32]) -> PendingFeatures:
        """The same, not waiting for the numbers where the extractor can do without."""
        begin = getattr(self._extractor, "begin", None)
        if begin is None:
            return Ready(self.features_of(inputs))
        try:
            return Rounded(begin(inputs))
        except MemoryError:
            return Ready(self.features_of(inputs))

    def before_pooling(self, single: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """See ``FeatureExtractor.before_pooling``."""
        return self._extractor.before_pooling(single)

    @property
    def last_part(self) -> LastPart | None:
        """What makes features of ``before_pooling``; None where that is VGG16's pooling."""
        is_any = hasattr(self._extractor, "gradient_before_pooling")
        return cast(LastPart, self._extractor) if is_any else None


# All ones: an infinity, or no number at all (IEEE 754, 3.4).
_EXPONENT_OF_HALF: Final = 0x7C00


def _are_finite(features: npt.NDArray[np.floating]) -> bool:
    """Processors have no arithmetic of fp16: its bits are looked at."""
    if features.dtype != np.float16:
        return bool(np.isfinite(features).all())
    exponents = features.view(np.uint16) & _EXPONENT_OF_HALF
    return not bool((exponents == _EXPONENT_OF_HALF).any())


@dataclass(frozen=True)
class Outcome:
    """``label`` is the positive class at or above ``threshold``, else the likeliest other class.

    ``answers`` are the classes that cannot be ruled out (`conformal`), in the manifest's order;
    empty where the model has no such rule, or where it rules out all. ``is_unsure``: it has one,
    and it leaves not exactly one class. A doctor should look.
    """

    probabilities: dict[str, float]
    positive_probability: float
    label: str
    threshold: float
    answers: tuple[str, ...] = ()
    is_unsure: bool = False


class Classifier:
    """The head of an artifact, applied to cached or fresh features."""

    def __init__(self, artifact: Artifact) -> None:
        self.manifest = artifact.manifest
        # Doubled once here: a copy of five million weights for each radiograph would be felt.
        self._head = copy.deepcopy(artifact.head).double()
        self._answer_sets = artifact.manifest.answer_sets

    def probabilities(self, features: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """(N, dimensions) features to (N, classes) calibrated probabilities.

        Raises ValueError for another shape or for features that are not finite.
        """
        logits = head_logits(self._head, self._accepted(features))
        return np.asarray(softmax(logits / self.manifest.temperature, axis=1))

    def outcomes(self, features: npt.NDArray[np.floating]) -> list[Outcome]:
        """One outcome for each row of features; ValueError as in ``probabilities``."""
        chances = self.probabilities(features)
        if self._answer_sets is None:
            return [self._outcome(row, None) for row in chances]
        sets = self._answer_sets.answers(chances)
        return [self._outcome(row, each) for row, each in zip(chances, sets, strict=True)]

    def gradient(
        self, features: npt.NDArray[np.floating], class_index: int
    ) -> npt.NDArray[np.float64]:
        """d logit of a class / d features, for features and gradient of shape (dimensions,).

        ``class_index`` is a place in the manifest's classes. ValueError as in ``probabilities``.
        """
        return head_gradient(self._head, self._accepted(features[None])[0], class_index)

    def _accepted(self, features: npt.NDArray[np.floating]) -> Features:
        expected = self._head.linear_layers()[0].in_features
        if features.ndim != 2 or features.shape[1] != expected:
            raise ValueError(f"expected (N, {expected}) features, got {features.shape}")
        if not _are_finite(features):
            raise ValueError("features are not finite")
        return to_half(features)

    def _outcome(self, row: npt.NDArray[np.float64], places: tuple[int, ...] | None) -> Outcome:
        manifest = self.manifest
        named = dict(zip(manifest.classes, row.tolist(), strict=True))
        positive = named[manifest.positive]
        others = {code: p for code, p in named.items() if code != manifest.positive}
        label = (
            manifest.positive
            if positive >= manifest.threshold
            else max(others, key=others.__getitem__)
        )
        answers = tuple(manifest.classes[place] for place in places or ())
        is_unsure = places is not None and len(places) != 1
        return Outcome(named, positive, label, manifest.threshold, answers, is_unsure)
