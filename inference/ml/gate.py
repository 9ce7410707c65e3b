"""Is this a frontal chest radiograph? Asked of every image before a model may answer for it.

Two looks, and both must be content:

- ``similarity``: structural similarity of the image, shrunk, to the mean frontal radiograph: the
  test of the UASLP web service (Alvaro-Torres, Mejía-Rodríguez and Campos-Delgado).
- ``score``: how typical its features are of frontal radiographs: their Mahalanobis distance in
  the principal components of training radiographs, what lies outside of these counted with its
  mean variance. It was fitted without a single counter-example, so that it depends on no list of
  what people might upload by mistake.

No torch here, and nothing in the artifact that shows a person: means and directions only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load as parse_safetensors
from safetensors.numpy import save as serialise_safetensors

from core.files import write_whole
from inference.ml.errors import ArtifactRefused
from inference.ml.extractor import VGG16_BLOCK5
from inference.ml.gate_manifest import GateManifest
from inference.ml.preprocess import SIDE
from inference.ml.ssim import Reference

MANIFEST_NAME: Final = "manifest.json"
WEIGHTS_NAME: Final = "gate.safetensors"
# Side of the image that is compared: near the 64 pixels of the UASLP service, and a whole divisor.
SMALL: Final = 56
COMPONENTS: Final = 32
_LARGEST: Final = 4 * 1024 * 1024

# The 7x7 places of a feature map, seen through 3x3 windows of 3x3 places that overlap by one.
_STARTS: Final = (0, 2, 4)
_WINDOW: Final = 3
DESCRIBED: Final = VGG16_BLOCK5.shape[0] * len(_STARTS) ** 2

Float32 = npt.NDArray[np.float32]
Weights = dict[str, npt.NDArray[np.floating]]

SHAPES: Final[dict[str, tuple[type[np.floating], tuple[int, ...]]]] = {
    "mean_radiograph": (np.float16, (SMALL, SMALL)),
    "centre": (np.float32, (DESCRIBED,)),
    "basis": (np.float16, (COMPONENTS, DESCRIBED)),
    # Of each component, and at last the mean variance of all directions outside of them.
    "variances": (np.float32, (COMPONENTS + 1,)),
}


@dataclass(frozen=True)
class Verdict:
    """``similarity`` -1..1, ``score`` 0..1, both higher for what looks more like a radiograph."""

    similarity: float
    score: float
    passes: bool


class Gate:
    """A verified gate artifact, applied to one image at a time."""

    def __init__(self, manifest: GateManifest, weights: Weights) -> None:
        self.manifest = manifest
        self._mean_radiograph = Reference(weights["mean_radiograph"])
        self._centre = weights["centre"].astype(np.float64)
        self._basis = weights["basis"].astype(np.float64)
        self._variances = weights["variances"].astype(np.float64)

    @classmethod
    def load(cls, folder: Path) -> Gate:
        """Read an artifact, trusting nothing in it.

        Raises ArtifactRefused for a missing or unknown file, another extractor than the one used
        here, and weights that are not those of the manifest.
        """
        manifest = GateManifest.from_json(_read(folder / MANIFEST_NAME))
        content = _read(folder / WEIGHTS_NAME)
        found = hashlib.sha256(content).hexdigest()
        if found != manifest.weights_sha256:
            raise ArtifactRefused(
                f"gate has SHA-256 {found}, the manifest says {manifest.weights_sha256}"
            )
        return cls(manifest, _weights(content))

    @property
    def version(self) -> str:
        """Name and weights: what one version measured is not held against another's limits."""
        return f"{self.manifest.version}-{self.manifest.weights_sha256[:12]}"

    def judge(self, grey: Float32, features: npt.NDArray[np.floating]) -> Verdict:
        """The verdict on one image: ``grey`` (224, 224) in 0..1 as ``preprocess.grey_input`` makes
        it, ``features`` (25088,). Raises ValueError for other shapes or numbers not finite."""
        return self.verdict(self.similarity(grey), self.score(features))

    def verdict(self, similarity: float, score: float) -> Verdict:
        """The rule, on values that this gate once found."""
        floors = self.manifest.similarity_floor, self.manifest.score_floor
        return Verdict(similarity, score, similarity >= floors[0] and score >= floors[1])

    def similarity(self, grey: Float32) -> float:
        return self._mean_radiograph.ssim(shrunk(grey))

    def score(self, features: npt.NDArray[np.floating]) -> float:
        """0.5 at the limit of the distance, towards 1 for the typical, towards 0 far outside."""
        ratio = self.distance(features) / self.manifest.distance_limit
        return float(1.0 / (1.0 + ratio**self.manifest.steepness))

    def distance(self, features: npt.NDArray[np.floating]) -> float:
        """Squared Mahalanobis distance of (25088,) features from those of training radiographs."""
        away = described(features[None])[0] - self._centre
        along = self._basis @ away
        outside = max(float(away @ away - along @ along), 0.0)
        return float((along**2 / self._variances[:-1]).sum() + outside / self._variances[-1])


def shrunk(grey: Float32) -> npt.NDArray[np.float64]:
    """(224, 224) to (56, 56): means of 4x4 pixels. Raises ValueError for other images."""
    if grey.shape != (SIDE, SIDE) or not np.isfinite(grey).all():
        raise ValueError(f"expected a finite ({SIDE}, {SIDE}) image, got {grey.shape}")
    block = SIDE // SMALL
    # Whole rows and columns are added: numpy is several times slower at sums of four numbers.
    tall = grey.astype(np.float64).reshape(SMALL, block, SIDE).sum(axis=1)
    total = np.zeros((SMALL, SMALL))
    for place in range(block):
        total += tall[:, place::block]
    return total / block**2


def described(features: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """(N, 25088) features to (N, 4608): which channels answer where, whatever the contrast.

    Means over windows, divided by their sum, rooted (Hellinger's metric). Raises ValueError for
    another shape or for features that are not finite.
    """
    channels, rows, columns = VGG16_BLOCK5.shape
    if features.ndim != 2 or features.shape[1] != VGG16_BLOCK5.dimensions:
        raise ValueError(f"expected (N, {VGG16_BLOCK5.dimensions}) features, got {features.shape}")
    # First of all to double: numpy has no quick arithmetic for fp16.
    exact = features.astype(np.float64)
    if not np.isfinite(exact).all():
        raise ValueError("features are not finite")
    maps = np.maximum(exact, 0, out=exact).reshape(-1, channels, rows * columns)
    windows = (maps @ _window_weights(rows, columns)).reshape(len(maps), -1)
    total = windows.sum(axis=1, keepdims=True)
    return np.asarray(np.sqrt(windows / np.where(total > 0, total, 1.0)))


def save_gate(folder: Path, manifest: GateManifest, weights: Mapping[str, npt.ArrayLike]) -> Gate:
    """Write the artifact and return the gate as it will be loaded. OSError when the disk refuses.

    ``weights`` are rounded to the types of ``SHAPES``.
    """
    # Row by row: safetensors writes the bytes as they lie, whatever their order.
    rounded = {n: np.ascontiguousarray(weights[n], dtype=kind) for n, (kind, _) in SHAPES.items()}
    content = serialise_safetensors(rounded)
    complete = manifest.with_weights(hashlib.sha256(content).hexdigest())
    write_whole(folder / WEIGHTS_NAME, content)
    write_whole(folder / MANIFEST_NAME, complete.to_json().encode())
    return Gate.load(folder)


@lru_cache(maxsize=1)
def _window_weights(rows: int, columns: int) -> npt.NDArray[np.float64]:
    """(places, windows): each window's mean as a product."""
    weights = np.zeros((rows, columns, len(_STARTS), len(_STARTS)))
    for i, top in enumerate(_STARTS):
        for j, left in enumerate(_STARTS):
            weights[top : top + _WINDOW, left : left + _WINDOW, i, j] = 1 / _WINDOW**2
    return weights.reshape(rows * columns, -1)


def _weights(content: bytes) -> Weights:
    try:
        weights = parse_safetensors(content)
    except (SafetensorError, ValueError, KeyError) as error:
        raise ArtifactRefused("the gate is not a safetensors file") from error
    found = {name: (array.dtype.type, array.shape) for name, array in weights.items()}
    if found != SHAPES:
        raise ArtifactRefused("the gate does not hold the arrays that it should")
    if not all(np.isfinite(array).all() for array in weights.values()):
        raise ArtifactRefused("the gate holds values that are not finite")
    if (weights["variances"] <= 0).any():
        raise ArtifactRefused("the gate holds variances that are not above zero")
    return dict(weights)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
    except FileNotFoundError as error:
        raise ArtifactRefused(f"the gate has no {path.name}") from error
    if len(content) > _LARGEST:
        raise ArtifactRefused(f"{path.name} is larger than {_LARGEST} bytes")
    return content
