"""What a feature vector depends on, and the numbers in the form in which they are kept."""

import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.ml.extractor import spec_of

Vector = NDArray[np.float16]
LITTLE_ENDIAN_FP16: Final = np.dtype("<f2")


@dataclass(frozen=True, slots=True)
class FeatureKey:
    """What a vector depends on, and nothing else."""

    pixel_sha256: str
    extractor: str
    preprocessing: str


def as_kept(vectors: list[Vector]) -> Vector:
    """Vectors of one length as rows (n, dimensions), fp16 little endian, C order."""
    return np.ascontiguousarray(np.stack(vectors), dtype=LITTLE_ENDIAN_FP16)


def checksum(row: Vector) -> str:
    """SHA-256 of the bytes of one kept vector; other threads run meanwhile."""
    return hashlib.sha256(row.data).hexdigest()


def pooled(rows: Vector, extractor: str) -> list[bytes]:
    """The spatial mean of each row, (channels,) fp16 little endian, as bytes.

    Rows are flattened maps in the order channel, row, column (`ExtractorSpec.shape`). Of an
    extractor that is in no registry any more each number counts as a channel of its own.
    """
    spec = spec_of(extractor)
    channels = spec.shape[0] if spec and spec.dimensions == rows.shape[1] else rows.shape[1]
    # In double, as a product: numpy is slow at fp16, and at many short sums.
    maps = rows.astype(np.float64).reshape(len(rows), channels, -1)
    places = maps.shape[2]
    means = (maps @ np.ones(places) / places).astype(LITTLE_ENDIAN_FP16)
    return [mean.tobytes() for mean in means]
