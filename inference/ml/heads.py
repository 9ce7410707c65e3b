"""Classifier heads on cached features: models A, B and C of the COVID-XR paper (section III.B-D).

Dense layers 25088 -> 200 -> 64 -> classes; `logistic` is the single dense layer that they are
compared with, and the last layer of whole networks. Two readings of ours: Algorithm 2 names no
activation between the dense layers, and without one they would collapse into a single linear map,
so each hidden layer ends in a ReLU; and the two sigmoid outputs it trains with cross-entropy are a
softmax here, so that the probabilities of n >= 2 classes add up to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

_ROWS_AT_ONCE: Final = 512


@dataclass(frozen=True)
class HeadSpec:
    """``dropout_after`` counts dense layers from 1; the chance holds in training only. Without
    ``hidden`` layers it is a multinomial logistic regression. One with an ``inner`` head reads
    log(1 + x / scale) of each feature and is that head otherwise: a few strong activations drown
    the others no more (power normalisation, Perronnin, Sanchez and Mensink 2010, with a logarithm
    in place of the root, whose slope at 0 no heat map bears)."""

    code: str
    hidden: tuple[int, ...] = (200, 64)
    dropout_after: int | None = None
    dropout: float = 0.5
    inner: str = ""


HEADS: Final[dict[str, HeadSpec]] = {
    spec.code: spec
    for spec in (
        HeadSpec("covid-xr-a"),
        HeadSpec("covid-xr-b", dropout_after=2),
        HeadSpec("covid-xr-c", dropout_after=1),
        HeadSpec("logistic", hidden=()),
        HeadSpec("logistic-log", hidden=(), inner="logistic"),
    )
}


class Head(nn.Module):
    """(N, inputs) features to (N, classes) logits. State names: ``dense.0.weight``, ..."""

    def __init__(self, spec: HeadSpec, inputs: int, classes: int) -> None:
        super().__init__()
        if classes < 2:
            raise ValueError(f"a classifier needs two classes or more, not {classes}")
        widths = (inputs, *spec.hidden, classes)
        self.scale: torch.Tensor
        self.spec = spec
        self.dense = nn.ModuleList(nn.Linear(wide, narrow) for wide, narrow in pairwise(widths))
        self._dropout = nn.Dropout(spec.dropout)
        if spec.inner:
            self.register_buffer("scale", torch.ones(1))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        features = self.read(features)
        for place, layer in enumerate(self.dense, start=1):
            features = layer(features)
            if place < len(self.dense):
                features = features.relu()
            if place == self.spec.dropout_after:
                features = self._dropout(features)
        return features

    def read(self, features: torch.Tensor) -> torch.Tensor:
        """What the first dense layer reads: the features, or their logarithms."""
        return log_of(features, self.scale) if self.spec.inner else features

    def linear_layers(self) -> list[nn.Linear]:
        return [layer for layer in self.dense if isinstance(layer, nn.Linear)]


def log_of(features: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """log(1 + x / scale), and the same mirrored below 0; the slope at 0 is 1 / scale."""
    above = torch.log1p(features.clamp(min=0) / scale)
    return above - torch.log1p(torch.relu(-features) / scale)


def build_head(code: str, inputs: int, classes: int) -> Head:
    """An untrained head of the registry; KeyError for an unknown code."""
    return Head(HEADS[code], inputs, classes)


def head_logits(head: Head, features: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """(N, inputs) features to (N, classes) logits, without dropout, in double precision.

    In double precision the order in which a batch is summed does not show in a probability, so a
    radiograph's result is its own whatever it is computed with.
    """
    layers = [(layer.weight.double(), layer.bias.double()) for layer in head.linear_layers()]
    parts = [np.empty((0, len(layers[-1][1])))]
    with torch.inference_mode():
        for top in range(0, len(features), _ROWS_AT_ONCE):
            values = head.read(torch.from_numpy(features[top : top + _ROWS_AT_ONCE]).double())
            for place, (weight, bias) in enumerate(layers):
                values = torch.addmm(bias, values.relu() if place else values, weight.T)
            parts.append(values.numpy())
    return np.concatenate(parts)


def head_gradient(
    head: Head, features: npt.NDArray[np.floating], output: int
) -> npt.NDArray[np.float64]:
    """(inputs,) features to the gradient (inputs,) of one logit, for a head in double precision."""
    values = torch.from_numpy(features).double().requires_grad_()
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(head(values[None])[0, output], values)
    return np.asarray(gradient.numpy())
