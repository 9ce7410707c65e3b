"""The films and labels that a network learns from, and what they are together."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from retraining.ml.fitting import rows_of
from retraining.ml.slow.initial import Initial
from retraining.ml.split import TRAIN, VALIDATION
from retraining.ml.training_spec import BAD_FEATURES, TrainingFailed, TrainingSpec

# 256 films of 227 x 227: 26 MB.
_AT_ONCE: Final = 256

Films = npt.NDArray[np.float16]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Side:
    """One split: ``rows`` (n,) of the films, and the class of each (n,)."""

    films: Films
    rows: Rows
    truth: torch.Tensor

    def batch(self, places: npt.NDArray[np.int64] | slice) -> torch.Tensor:
        """(b,) places among the rows to (b, side, side) float32."""
        return torch.from_numpy(np.asarray(self.films[self.rows[places]])).float()


def sides_of(
    films: Films, labels: npt.ArrayLike, splits: Sequence[str], spec: TrainingSpec
) -> tuple[Side, Side]:
    """Train and validation. Raises TrainingFailed when a class is missing, ValueError for lengths
    that differ."""
    # The films' own shape does not matter here: only their number is compared.
    rows, truth = rows_of(films, labels, splits, spec.classes)
    train, validation = (
        Side(films, rows[name], torch.from_numpy(truth[rows[name]])) for name in (TRAIN, VALIDATION)
    )
    return train, validation


def fingerprint_of(
    sides: tuple[Side, Side], spec: TrainingSpec, backbone: str, initial: Initial | None
) -> str:
    """SHA-256 of all that decides what a training ends with. Reads every film once.

    Raises TrainingFailed for films with values that are not finite.
    """
    digest = sha256(json.dumps([backbone, asdict(spec)], sort_keys=True).encode())
    for side in sides:
        digest.update(b"split")
        digest.update(side.truth.numpy().astype("<i8").tobytes())
        for block in _blocks(side):
            if not np.isfinite(block).all():
                raise TrainingFailed("a film holds values that are not finite", BAD_FEATURES)
            digest.update(block.astype("<f2", copy=False).tobytes())
    for name, values in sorted((initial or {}).items()):
        digest.update(name.encode())
        digest.update(_bytes_of(values))
    return digest.hexdigest()


def _blocks(side: Side) -> Iterator[Films]:
    for top in range(0, len(side.rows), _AT_ONCE):
        yield np.asarray(side.films[side.rows[top : top + _AT_ONCE]])


def _bytes_of(values: Any) -> bytes:
    return np.ascontiguousarray(torch.as_tensor(values).float().cpu().numpy()).tobytes()
