"""From the head that was trained to the head that is stored: plain features in, fp16 values."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn

from inference.ml.heads import Head
from retraining.ml.projection import Projection


def stored_head(trained: Head, projection: Projection | None) -> Head:
    """The same function on unprojected features, rounded to what fp16 can hold.

    Everything chosen after training (temperature, operating point, metrics) uses this head, so that
    the figures are those of the file.
    """
    pairs = [
        (layer.weight.detach().double(), layer.bias.detach().double())
        for layer in trained.linear_layers()
    ]
    if projection:
        pairs[0] = projection.fold(*pairs[0])
    classes, inputs = len(pairs[-1][1]), pairs[0][0].shape[1]
    head = Head(trained.spec, inputs, classes)
    with torch.no_grad():
        for layer, (weight, bias) in zip(head.linear_layers(), _balanced(pairs), strict=True):
            _copy_half(layer, weight, bias)
    return head.eval().requires_grad_(False)


def _balanced(
    pairs: Sequence[tuple[torch.Tensor, torch.Tensor]],
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Equal spread of the weights in each layer, without changing the function.

    Folding makes the first layer tiny (about 1e-6), where fp16 has few bits left. A ReLU passes a
    positive factor through, so it may move from one layer to the next; powers of two are exact.
    """
    exponents = [math.log2(max(float(w.square().mean().sqrt()), 1e-30)) for w, _ in pairs]
    wanted = sum(exponents) / len(exponents)
    moved, result = 0, []
    for place, ((weight, bias), exponent) in enumerate(zip(pairs, exponents, strict=True), start=1):
        step = round(wanted - exponent) if place < len(pairs) else -moved
        moved += step
        result.append((weight * 2.0**step, bias * 2.0**moved))
    return result


def _copy_half(layer: nn.Linear, weight: torch.Tensor, bias: torch.Tensor) -> None:
    layer.weight.copy_(weight.half().float())
    layer.bias.copy_(bias.half().float())
