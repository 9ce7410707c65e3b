"""What a feature extractor is, and which ones exist; the numbers come from an engine behind it.

Nothing here imports torch: a service may name an extractor without loading one. The network of each
is `inference/ml/backbones/CODE.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from inference.ml.preprocess import PREPROCESSING_VERSION, SIDE, Normalisation
from inference.ml.weights import VGG16_SHA256


@dataclass(frozen=True)
class ExtractorSpec:
    """Identity of an extractor: the same spec means features that may be compared and cached.

    ``shape`` is (channels, rows, columns) of what the features are flattened from; (n, 1, 1) keeps
    no places. ``weights_sha256`` is over the state (``weights.state_sha256``), not over a file; ""
    where the numbers come from torchvision or travel with a model. The input is (``channels``,
    ``side``, ``side``) after ``normalisation`` (``preprocess.normalised``). An extractor that
    ``travels`` is trained with each model and lies in its artifact; all others are shared.
    """

    code: str
    shape: tuple[int, int, int]
    weights_sha256: str
    preprocessing_version: str
    side: int = SIDE
    channels: int = 3
    normalisation: Normalisation = "vgg16-caffe"
    travels: bool = False

    @property
    def dimensions(self) -> int:
        return prod(self.shape)

    @property
    def input_shape(self) -> tuple[int, int, int]:
        return self.channels, self.side, self.side

    @property
    def has_places(self) -> bool:
        """Whether the features alone still tell one region of the film from another."""
        return self.shape[1:] != (1, 1)

    @property
    def network(self) -> str:
        """The code in the registry, also of one that travels (CODE@sha)."""
        return self.code.partition("@")[0]


VGG16_BLOCK5: Final = ExtractorSpec(
    code="vgg16-block5",
    shape=(512, 7, 7),
    weights_sha256=VGG16_SHA256,
    preprocessing_version=PREPROCESSING_VERSION,
)


def _imagenet(code: str, shape: tuple[int, int, int], side: int = SIDE) -> ExtractorSpec:
    version = f"xr-{side}-3-imagenet-1"
    return ExtractorSpec(code, shape, "", version, side=side, normalisation="imagenet")


def _grey(code: str, dimensions: int, side: int) -> ExtractorSpec:
    return ExtractorSpec(
        code, (dimensions, 1, 1), "", f"xr-{side}-1-grey-unit-1",
        side=side, channels=1, normalisation="grey-unit", travels=True,
    )  # fmt: skip


EXTRACTORS: Final[dict[str, ExtractorSpec]] = {
    spec.code: spec
    for spec in (
        VGG16_BLOCK5,
        _imagenet("vgg19-block5", (512, 7, 7)),
        _imagenet("resnet-50", (2048, 1, 1)),
        _imagenet("inception-v3", (2048, 1, 1), side=299),
        _imagenet("mobilenet-v2", (1280, 1, 1)),
        _imagenet("mobilenet-v3-large", (960, 1, 1)),
        _imagenet("densenet-121", (1024, 1, 1)),
        _imagenet("densenet-169", (1664, 1, 1)),
        _grey("alexnet-grey", 4096, side=227),
        _grey("cnn-64", 64, side=64),
        ExtractorSpec("vgg16-fine-tuned", (512, 7, 7), "", PREPROCESSING_VERSION, travels=True),
    )
}

# What any model may be trained on; the others are trained together with their model.
SHARED: Final = tuple(code for code, spec in EXTRACTORS.items() if not spec.travels)


def spec_of(extractor: str) -> ExtractorSpec | None:
    """The spec of a name as features are cached under: CODE, or CODE@sha of one that travels.

    None for a name that no registry has any more. The weights of CODE@sha are not known by it.
    """
    network, travelling, _sha = extractor.partition("@")
    spec = EXTRACTORS.get(network)
    if spec is None or spec.travels != bool(travelling):
        return None
    return replace(spec, code=extractor)


def travelling(code: str, sha256: str) -> ExtractorSpec:
    """The spec of the network in an artifact whose backbone has ``sha256``: CODE@12 digits of it.

    Raises KeyError for an unknown code, ValueError for one that is shared.
    """
    spec = EXTRACTORS[code]
    if not spec.travels:
        raise ValueError(f"{code} is shared: it travels with no model")
    return replace(spec, code=f"{code}@{sha256[:12]}", weights_sha256=sha256)


INPUT_SHAPE: Final = (3, SIDE, SIDE)


def refuse_other_shapes(
    batch: npt.NDArray[np.generic], shape: tuple[int, int, int] = INPUT_SHAPE
) -> None:
    """ValueError for anything but (N, *shape)."""
    if batch.ndim != 4 or batch.shape[1:] != shape:
        raise ValueError(f"expected (N, {', '.join(map(str, shape))}), got {batch.shape}")


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


class PendingFeatures(Protocol):
    """A batch that an extractor has begun with. Any thread may ask, as often as it likes."""

    def wait_until_taken(self) -> None:
        """Return once no radiograph of it waits for a thread: the next batch may follow."""
        ...

    def result(self) -> npt.NDArray[np.float32]:
        """As ``FeatureExtractor.extract`` gives them, once all are computed."""
        ...


class FeatureExtractor(Protocol):
    """Turns preprocessed radiographs into feature vectors."""

    @property
    def spec(self) -> ExtractorSpec: ...
    @property
    def facts(self) -> EngineFacts: ...
    @property
    def limits(self) -> BatchLimits: ...

    def extract(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(N, channels, side, side) float32 to (N, dimensions) float32, flattened channel, row,
        column.

        A row depends on its own radiograph alone, never on its neighbours in the batch. Raises
        ValueError for another shape, MemoryError when the device has no room for so many rows.
        """
        ...

    def before_pooling(self, single: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(channels, side, side) to the last convolution's activations (after ReLU), (512, 14, 14)
        for VGG16: what Grad-CAM weighs. Max-pooling them gives the features of VGG16; what comes
        after them in other networks is `TorchBackbone.finish`."""
        ...
