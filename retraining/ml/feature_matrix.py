"""Rows of a large feature matrix, read in blocks: the matrix is never copied as a whole.

Ten thousand vectors of VGG16 are half a gigabyte in half precision and four times that in single
precision with a copy of each split. Here they stay as they were given, and only what is worked on
becomes float32.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from retraining.ml.training_spec import BAD_FEATURES, TrainingFailed

ROWS_AT_ONCE: Final = 512

Features = npt.NDArray[np.float16] | npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Chosen:
    """``rows`` (n,) of ``features`` (N, dimensions), as float32 tensors when asked for."""

    features: Features
    rows: Rows

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def width(self) -> int:
        return int(self.features.shape[1])

    def batch(self, places: torch.Tensor) -> torch.Tensor:
        """(b,) places among the chosen rows to (b, dimensions)."""
        return torch.from_numpy(self.features[self.rows[places.numpy()]]).float()

    def blocks(self) -> Iterator[torch.Tensor]:
        for some in blocks_of(self.rows):
            yield torch.from_numpy(self.features[some]).float()

    def checked(self) -> Chosen:
        """Raises TrainingFailed for values that are not finite."""
        if not all(bool(torch.isfinite(block).all()) for block in self.blocks()):
            raise TrainingFailed("the features hold values that are not finite", BAD_FEATURES)
        return self


def blocks_of(rows: Rows) -> Iterator[Rows]:
    for top in range(0, len(rows), ROWS_AT_ONCE):
        yield rows[top : top + ROWS_AT_ONCE]


def all_rows(features: Features) -> Rows:
    return np.arange(len(features))
