"""How the numbers of a network begin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from inference.ml.backbones import Backbone, state_of
from retraining.ml.slow.network import Network
from retraining.ml.training_spec import BAD_FEATURES, TrainingFailed

GAUSSIAN_SPREAD: Final = 0.01

Initial = Mapping[str, npt.NDArray[np.floating] | torch.Tensor]


def begin(network: Network, known: Initial | None) -> None:
    """Fill an untrained network in place; ``known`` numbers of the backbone win.

    ``spec.initial`` "usual" leaves what its file gave it. "gaussian" is AlexNet paper, section VI:
    weights normal with mean 0 and spread 0.01, biases 1 in every convolution and dense layer (the
    layers 2, 6, 10, 12, 14 that it names are the five convolutions of its table IV). Raises
    TrainingFailed when ``known`` is of another network.
    """
    if network.spec.initial == "gaussian":
        network.apply(_fill)
    if known is not None:
        _take(network.backbone, known)


def _fill(layer: nn.Module) -> None:
    if isinstance(layer, nn.Conv2d | nn.Linear):
        nn.init.normal_(layer.weight, std=GAUSSIAN_SPREAD)
        if layer.bias is not None:
            nn.init.ones_(layer.bias)


def _take(backbone: Backbone, known: Initial) -> None:
    own, given = state_of(backbone), {n: torch.as_tensor(v) for n, v in known.items()}
    if {n: t.shape for n, t in own.items()} != {n: t.shape for n, t in given.items()}:
        raise TrainingFailed("the weights to begin with are of another network", BAD_FEATURES)
    with torch.no_grad():
        for name, tensor in own.items():
            tensor.copy_(given[name])
