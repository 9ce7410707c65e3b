"""Features as logarithms, for heads that read them so (``inference.ml.heads.HeadSpec.inner``).

The whole matrix becomes logarithms once; all that follows is the training of the inner head.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from inference.ml.heads import HEADS, Head, log_of
from retraining.ml.feature_matrix import Features, Rows, all_rows, blocks_of

# Rows that the scale is estimated on.
SAMPLE: Final = 1024
# A smaller scale would make logarithms of rounding errors.
LEAST: Final = 1e-3


def scale_of(features: Features, rows: Rows) -> float:
    """The mean size of a feature over (up to 1,024 of) ``rows``, as fp16 can hold it."""
    step = max(1, len(rows) // SAMPLE)
    mean = float(np.abs(features[rows[::step]], dtype=np.float32).mean())
    return float(np.float16(min(max(mean, LEAST), 1e4)))


def logarithms_of(features: Features, scale: float) -> npt.NDArray[np.float16]:
    """(N, dimensions) features to float16 of the same shape, block by block."""
    found = np.empty(features.shape, np.float16)
    divisor = torch.tensor([scale])
    for rows in blocks_of(all_rows(features)):
        found[rows] = log_of(torch.from_numpy(features[rows]).float(), divisor).half().numpy()
    return found


def with_logarithms(code: str, inner: Head, scale: float) -> Head:
    """The head ``code`` that does to features what ``inner`` does to their logarithms."""
    layers = inner.linear_layers()
    head = Head(HEADS[code], layers[0].in_features, layers[-1].out_features)
    head.load_state_dict(inner.state_dict() | {"scale": torch.tensor([scale])})
    return head.eval().requires_grad_(False)
