"""The networks behind the extractors: one file each, by the extractor's code.

A new one is a file here with ``build() -> Backbone`` and an entry in `extractor.EXTRACTORS`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping

import torch

from inference.ml.backbones.base import Backbone
from inference.ml.errors import WeightsRefused
from inference.ml.extractor import EXTRACTORS

__all__ = ["Backbone", "backbone_with", "build_backbone", "state_of", "trainable_layers"]

State = Mapping[str, torch.Tensor]


def build_backbone(code: str) -> Backbone:
    """The untrained network of an extractor, (N, channels, side, side) to (N, dimensions).

    Its random numbers are torch's own at this moment. KeyError for a code that is not registered.
    """
    spec = EXTRACTORS[code]
    module = importlib.import_module(f"{__name__}.{spec.code.replace('-', '_')}")
    backbone: Backbone = module.build()
    return backbone


def backbone_with(code: str, state: State) -> Backbone:
    """The network of ``code`` with the numbers of ``state`` (fp16 or fp32), float32, evaluating.

    Raises WeightsRefused when names or shapes are others than the network's, or numbers not finite.
    """
    # Without memory: the given values replace these at once.
    with torch.device("meta"):
        backbone = build_backbone(code)
    _refuse_other_state(code, state_of(backbone), state)
    # Copied even where they are fp32 already: the network shall own what it computes with.
    values = {name: tensor.to(torch.float32, copy=True) for name, tensor in state.items()}
    backbone.load_state_dict(values, strict=True, assign=True)
    return backbone.eval().requires_grad_(False)


def state_of(backbone: Backbone) -> dict[str, torch.Tensor]:
    """What has to be kept of a network: its floating numbers, without the counters of batches."""
    state = backbone.state_dict()
    return {name: tensor for name, tensor in state.items() if tensor.is_floating_point()}


def trainable_layers(backbone: Backbone) -> list[torch.nn.Module]:
    """Its parts with numbers to train, from the output to the input: unfrozen in this order."""
    parts = [part for part in backbone.parts() if any(True for _ in part.parameters())]
    return parts[::-1]


def _refuse_other_state(code: str, expected: State, found: State) -> None:
    shapes = {name: tuple(tensor.shape) for name, tensor in expected.items()}
    if {name: tuple(tensor.shape) for name, tensor in found.items()} != shapes:
        raise WeightsRefused(f"the weights do not fit the network {code}")
    if not all(bool(torch.isfinite(tensor).all()) for tensor in found.values()):
        raise WeightsRefused(f"the weights of {code} hold values that are not finite")
