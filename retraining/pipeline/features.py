"""The features stage: what the cache has, and first of all what it lacks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.features import FeatureKey, stream
from inference.making import make_missing
from inference.ml.extractor import EXTRACTORS
from retraining.pipeline.attempt import Attempt
from retraining.vault import Row

# 26 MB of VGG16's vectors.
ROWS_AT_ONCE = 512


@dataclass(frozen=True)
class Matrix:
    """`features` (N, dimensions) float16 of `rows`, in their order."""

    rows: tuple[Row, ...]
    features: NDArray[np.float16]


def matrix_of(attempt: Attempt, rows: Sequence[Row], extractor: str) -> Matrix:
    """Features of all rows that can have some. Raises LeaseLost, WeightsUnavailable, OSError."""
    made = make_missing([row.radiograph for row in rows], extractor=extractor, on_done=attempt.step)
    attempt.say("features", cached=made.cached, made=made.made)
    matrix = recall(rows, extractor)
    if lost := len(rows) - len(matrix.rows):
        attempt.say("without-features", cases=lost)
    return matrix


def recall(rows: Sequence[Row], extractor: str) -> Matrix:
    """Cached features of a shared extractor; rows without, or with numbers that are not finite,
    are left out. One array of the size of the result is all that it costs."""
    spec = EXTRACTORS[extractor]
    places: dict[FeatureKey, list[int]] = {}
    for place, row in enumerate(rows):
        key = FeatureKey(row.pixel_sha256, spec.code, spec.preprocessing_version)
        places.setdefault(key, []).append(place)
    features = np.empty((len(rows), spec.dimensions), np.float16)
    found = np.zeros(len(rows), bool)
    for keys, vectors in stream(list(places), rows_at_once=ROWS_AT_ONCE):
        usable = np.isfinite(vectors).all(axis=1).reshape(-1).tolist()
        for key, vector, is_usable in zip(keys, vectors, usable, strict=True):
            if is_usable and vector.size == spec.dimensions:
                features[places[key]] = vector
                found[places[key]] = True
    if found.all():
        return Matrix(tuple(rows), features)
    kept = tuple(row for row, is_found in zip(rows, found.tolist(), strict=True) if is_found)
    return Matrix(kept, features[found])
