"""The manifest of the gate: its rule, its thresholds and the evidence for them, as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

from inference.ml.errors import ArtifactRefused
from inference.ml.extractor import EXTRACTORS

FORMAT_VERSION: Final = 1
RULE: Final = "similarity >= similarity_floor and score >= score_floor"


@dataclass(frozen=True)
class GateManifest:
    """``score`` is 1 / (1 + (distance / distance_limit) ** steepness), see ``gate``.

    ``training`` says what the gate was fitted on, ``metrics`` what it does to images that it was
    not fitted on. ``weights_sha256`` is over the bytes of ``gate.safetensors``; ``created`` is an
    ISO 8601 date. Raises ArtifactRefused for values that cannot be.
    """

    version: str
    extractor: str
    extractor_weights_sha256: str
    preprocessing_version: str
    similarity_floor: float
    score_floor: float
    distance_limit: float
    steepness: float
    training: Mapping[str, Any]
    metrics: Mapping[str, Any]
    created: str
    weights_sha256: str = ""
    rule: str = RULE
    format_version: int = FORMAT_VERSION

    def __post_init__(self) -> None:
        _refuse_wrong_values(self)
        _refuse_other_extractor(self)

    def with_weights(self, sha256: str) -> GateManifest:
        return replace(self, weights_sha256=sha256)

    def with_metrics(self, metrics: Mapping[str, Any]) -> GateManifest:
        return replace(self, metrics=metrics)

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    @staticmethod
    def from_json(content: bytes) -> GateManifest:
        """Raises ArtifactRefused for anything but a complete manifest of a known format."""
        try:
            facts = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise ArtifactRefused("the gate's manifest is not JSON") from error
        if not isinstance(facts, dict) or facts.keys() != {f.name for f in fields(GateManifest)}:
            raise ArtifactRefused("the gate's manifest is not complete or not of this version")
        return GateManifest(**facts)


def _refuse_wrong_values(manifest: GateManifest) -> None:
    # Each compared within bounds: NaN is within none, and JSON's integers may be without end.
    numbers = {
        "similarity_floor": (-1.0, 1.0),
        "score_floor": (0.0, 1.0),
        "distance_limit": (1e-9, 1e9),
        "steepness": (1e-3, 1e3),
    }
    for name, (low, high) in numbers.items():
        value = getattr(manifest, name)
        known = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not known or not low <= value <= high:
            raise ArtifactRefused(f"the gate's {name} cannot be")
    if (manifest.format_version, manifest.rule) != (FORMAT_VERSION, RULE):
        raise ArtifactRefused("the gate has a rule that is not known here")


def _refuse_other_extractor(manifest: GateManifest) -> None:
    spec = EXTRACTORS.get(manifest.extractor) if isinstance(manifest.extractor, str) else None
    if spec is None:
        raise ArtifactRefused("the gate's extractor is not known here")
    made_with = manifest.extractor_weights_sha256, manifest.preprocessing_version
    if made_with != (spec.weights_sha256, spec.preprocessing_version):
        raise ArtifactRefused(f"the gate was fitted on another {spec.code} than the one used here")
