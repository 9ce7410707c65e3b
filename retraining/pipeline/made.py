"""What a run has made before it is written: a head, perhaps a backbone, and the draft of both."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from images.models import Target
from inference.ml.artifact import Artifact
from retraining.ml.training_spec import TrainingSpec


@dataclass(frozen=True)
class Classes:
    """Codes in the order of the outputs, and the place of the positive one."""

    codes: tuple[str, ...]
    positive: int

    @classmethod
    def of(cls, target: Target) -> "Classes":
        codes = tuple(target.classes.order_by("position", "code").values_list("code", flat=True))
        return cls(codes, codes.index(target.positive_class.code))

    @property
    def positive_code(self) -> str:
        return self.codes[self.positive]


@dataclass(frozen=True)
class Made:
    """`draft` has the head and manifest as they will be stored, without metrics and version.

    `development`: what the report needs of the cases that trained: {"features" (N, k) float32,
    "labels", "splits", "groups", "sites"}; empty where the lane has none.
    """

    draft: Artifact
    spec: TrainingSpec
    kept_epoch: int
    calibrated_on: str
    development: Mapping[str, Any]
