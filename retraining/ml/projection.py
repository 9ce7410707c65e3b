"""Principal directions of the training features, to train a head in hundreds of dimensions.

A thousand radiographs span at most a thousand of the 25,088 directions, so a head trained on their
leading principal components sees nearly all there is, a hundred times faster and with less room to
overfit. The projection is linear: it folds into the first dense layer, and what is stored and
served is the plain architecture on plain features.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

# Rows that the directions are estimated on: their Gram matrix is solved in about a second.
_SAMPLE: Final = 1024
_ROWS_AT_ONCE: Final = 512

Features = npt.NDArray[np.float16] | npt.NDArray[np.float32]


@dataclass(frozen=True)
class Projection:
    """``basis`` (k, dimensions) has orthogonal rows, scaled; ``mean`` is (dimensions,)."""

    mean: torch.Tensor
    basis: torch.Tensor

    def apply(self, features: Features) -> torch.Tensor:
        """(N, dimensions) features to (N, k) float32 components."""
        parts = [
            (torch.from_numpy(features[top : top + _ROWS_AT_ONCE]).float() - self.mean)
            @ self.basis.T
            for top in range(0, len(features), _ROWS_AT_ONCE)
        ]
        return torch.cat(parts) if parts else torch.empty(0, len(self.basis))

    def fold(self, weight: torch.Tensor, bias: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """A layer on components, (out, k) and (out,), as the equal layer on features."""
        wide = weight.double() @ self.basis.double()
        return wide, bias.double() - wide @ self.mean.double()


def fit_projection(features: Features, components: int, *, whiten: float, seed: int) -> Projection:
    """The leading principal directions of (N, dimensions) training features.

    ``components`` is lowered to what the rows can give. Component i is divided by its spread to the
    power ``whiten`` (0 keeps the proportions of the features, 1 makes all equally wide), and all
    are scaled so that the mean square over rows and components is 1.
    """
    rows = torch.from_numpy(_sample(features, seed)).float()
    mean = rows.mean(dim=0)
    rows -= mean
    values, vectors = torch.linalg.eigh((rows @ rows.T).double())
    # Centring takes one direction away; what is left below rounding is noise.
    usable = int((values > values[-1].clamp(min=1e-30) * 1e-6).sum())
    keep = max(1, min(components, usable, len(rows) - 1))
    values, vectors = values[-keep:].flip(0).clamp(min=1e-30), vectors[:, -keep:].flip(1)
    spread = (values / len(rows)).sqrt()
    basis = (vectors / values.sqrt()).float().T @ rows
    scale = spread.pow(-whiten)
    scale /= (spread * scale).square().mean().sqrt()
    return Projection(mean, basis * scale.float()[:, None])


def _sample(features: Features, seed: int) -> Features:
    if len(features) <= _SAMPLE:
        return features
    chosen = np.random.default_rng(seed).choice(len(features), _SAMPLE, replace=False)
    return features[np.sort(chosen)]
