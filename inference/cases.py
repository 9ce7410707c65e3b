"""One prediction on its way through a micro-batch."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from images.models import Radiograph
from inference.features import FeatureKey, Vector
from inference.inputs import Input
from inference.models import DeployedModel, Prediction

if TYPE_CHECKING:
    from inference.ml.engine import Outcome
    from inference.ml.gate import Verdict


@dataclass(eq=False)
class Case:
    """It ends with an `outcome` or with a `problem`, never with both.

    `key` is of the features that the model reads, `basis_key` of VGG16's, often the same; `vectors`
    are those there are. `stages` are milliseconds by the name of the stage; a stage of the whole
    batch is divided.
    """

    prediction: Prediction
    model: DeployedModel | None = None
    key: FeatureKey | None = None
    basis_key: FeatureKey | None = None
    film: Input | None = None
    vectors: dict[FeatureKey, Vector] = field(default_factory=dict)
    was_cached: bool = False
    verdict: "Verdict | None" = None
    outcome: "Outcome | None" = None
    problem: Exception | None = None
    is_stored: bool = False
    stages: dict[str, float] = field(default_factory=dict)

    @property
    def radiograph(self) -> Radiograph:
        return self.prediction.radiograph

    @property
    def keys(self) -> list[FeatureKey]:
        """Of all the features that it needs."""
        known = (key for key in (self.basis_key, self.key) if key is not None)
        return list(dict.fromkeys(known))

    @property
    def lacks(self) -> list[FeatureKey]:
        return [key for key in self.keys if key not in self.vectors]

    @property
    def vector(self) -> Vector | None:
        """What its model reads, fp16 (dimensions,)."""
        return self.vectors.get(self.key) if self.key else None

    @property
    def basis(self) -> Vector | None:
        """What gate and similar cases read, fp16 (25088,)."""
        return self.vectors.get(self.basis_key) if self.basis_key else None


def sound(cases: Iterable[Case]) -> list[Case]:
    return [case for case in cases if case.problem is None]


def share(cases: Sequence[Case], stage: str, began: float) -> None:
    """Add the time since `began` to a stage, each case bearing its part."""
    spent = (time.perf_counter() - began) * 1000 / max(1, len(cases))
    for case in cases:
        case.stages[stage] = case.stages.get(stage, 0.0) + spent
