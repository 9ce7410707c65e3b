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
import torch

from retraining.ml.feature_matrix import Chosen, Features, Rows, all_rows

# Rows that the directions are estimated on: their Gram matrix is solved in about a second.
_SAMPLE: Final = 1024


@dataclass(frozen=True)
class Projection:
    """``basis`` (k, dimensions) has orthogonal rows, scaled; ``mean`` is (dimensions,)."""

    mean: torch.Tensor
    basis: torch.Tensor

    def apply(self, features: Features, rows: Rows | None = None) -> torch.Tensor:
        """(N, dimensions) features, or (n,) rows of them, to (N or n, k) float32 components."""
        chosen = Chosen(features, all_rows(features) if rows is None else rows)
        parts = [(block - self.mean) @ self.basis.T for block in chosen.blocks()]
        return torch.cat(parts) if parts else torch.empty(0, len(self.basis))

    def fold(self, weight: torch.Tensor, bias: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """A layer on components, (out, k) and (out,), as the equal layer on features."""
        wide = weight.double() @ self.basis.double()
        return wide, bias.double() - wide @ self.mean.double()


def fit_projection(
    features: Features, components: int, *, whiten: float, seed: int, among: Rows | None = None
) -> Projection:
    """The leading principal directions of (N, dimensions) features, or of rows ``among`` them.

    ``components`` is lowered to what the rows can give. Component i is divided by its spread to the
    power ``whiten`` (0 keeps the proportions of the features, 1 makes all equally wide), and all
    are scaled so that the mean square over rows and components is 1.
    """
    among = all_rows(features) if among is None else among
    rows = torch.from_numpy(features[_sample(among, seed)]).float()
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


def _sample(among: Rows, seed: int) -> Rows:
    if len(among) <= _SAMPLE:
        return among
    chosen = np.random.default_rng(seed).choice(len(among), _SAMPLE, replace=False)
    return among[np.sort(chosen)]
