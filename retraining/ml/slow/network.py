"""Convolutions and head as one network; what of it learns, and what of it is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import nn

from inference.ml.backbones import Backbone, backbone_with, build_backbone, state_of
from inference.ml.extractor import EXTRACTORS
from inference.ml.heads import Head, build_head
from inference.ml.preprocess import CHANNEL_MEAN, IMAGENET_DEVIATION, IMAGENET_MEAN, PIXEL_SCALE
from retraining.ml.architectures import Architecture
from retraining.ml.folding import stored_head
from retraining.ml.training_spec import NOT_FINITE, TrainingFailed, TrainingSpec

_BACKBONE: Final = "backbone."
_HEAD: Final = "head."

# The mean that is taken away of each channel, and what is multiplied afterwards.
_COLOURS: Final = {
    "vgg16-caffe": (CHANNEL_MEAN, (PIXEL_SCALE,) * 3),
    "imagenet": (IMAGENET_MEAN, tuple(1 / each for each in IMAGENET_DEVIATION)),
}


class Network(nn.Module):
    """(N, channels, side, side) inputs to (N, classes) logits."""

    def __init__(self, architecture: Architecture, spec: TrainingSpec) -> None:
        super().__init__()
        self.spec = spec
        extractor = EXTRACTORS[architecture.backbone]
        self.normalisation: str = extractor.normalisation
        self.backbone = build_backbone(architecture.backbone)
        self.head = build_head(spec.architecture, extractor.dimensions, spec.classes)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(self.backbone(inputs))
        return logits

    def freeze(self) -> None:
        """The first ``spec.frozen`` layers that have weights never learn."""
        own = [m for m in self.backbone.modules() if list(m.parameters(recurse=False))]
        for layer in own[: self.spec.frozen]:
            layer.requires_grad_(False)

    def groups(self) -> list[dict[str, Any]]:
        """What an optimizer is given: the convolutions learn at a rate of their own."""
        rate = self.spec.learning_rate
        backbone = [each for each in self.backbone.parameters() if each.requires_grad]
        groups: list[dict[str, Any]] = [
            {"params": backbone, "lr": rate * self.spec.backbone_rate},
            {"params": list(self.head.parameters()), "lr": rate},
        ]
        return [group for group in groups if group["params"]]

    def as_stored(self) -> dict[str, torch.Tensor]:
        """All numbers rounded to fp16. Raises TrainingFailed where it cannot hold them."""
        parts = {
            _BACKBONE: state_of(self.backbone),
            _HEAD: stored_head(self.head, None).state_dict(),
        }
        state = {
            prefix + name: tensor.detach().cpu().half()
            for prefix, part in parts.items()
            for name, tensor in part.items()
        }
        if not all(bool(torch.isfinite(tensor).all()) for tensor in state.values()):
            raise TrainingFailed("the network holds numbers that fp16 cannot", NOT_FINITE)
        return state


def stored(
    architecture: Architecture, spec: TrainingSpec, state: Mapping[str, torch.Tensor]
) -> tuple[Backbone, Head]:
    """Backbone and head with the numbers of ``as_stored``, float32, ready to be served."""
    parts: dict[str, dict[str, torch.Tensor]] = {
        prefix: {n.removeprefix(prefix): t for n, t in state.items() if n.startswith(prefix)}
        for prefix in (_BACKBONE, _HEAD)
    }
    dimensions = EXTRACTORS[architecture.backbone].dimensions
    head = build_head(spec.architecture, dimensions, spec.classes)
    head.load_state_dict(parts[_HEAD])
    backbone = backbone_with(architecture.backbone, parts[_BACKBONE])
    return backbone, head.eval().requires_grad_(False)


def inputs_of(films: torch.Tensor, normalisation: str) -> torch.Tensor:
    """(N, side, side) grey films in 0..1 to (N, channels, side, side): ``preprocess.normalised``.

    Raises KeyError for a normalisation that is not known.
    """
    if normalisation == "grey-unit":
        return films[:, None]
    mean, scale = (torch.tensor(each, device=films.device) for each in _COLOURS[normalisation])
    return (films[:, None] - mean[:, None, None]) * scale[:, None, None]
