"""The manifest of a model artifact: everything that must travel with the weights, as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

from inference.ml.conformal import Conformal
from inference.ml.errors import ArtifactRefused

# Format 2 adds two facts. What has neither is written as format 1 to this day, so that nothing
# that serves gets another identity.
FORMATS: Final = (1, 2)
SINCE_2: Final = frozenset({"conformal", "backbone_sha256"})


@dataclass(frozen=True)
class Manifest:
    """Identity, decision rule, evidence and limits of one trained model.

    ``classes`` are codes in the order of the outputs. ``threshold`` is the operating point on the
    probability of ``positive`` after division of the logits by ``temperature``. ``metrics`` are
    of held-out patients. ``limits`` are sentences for people, one dict {"es", "en"} each.
    ``weights_sha256`` is over the bytes of ``head.safetensors``; ``created`` is an ISO 8601 date.
    ``conformal`` is the rule of its answer sets (`conformal.Conformal.to_dict`) or None.
    ``backbone_sha256`` is over the bytes of ``backbone.safetensors``, "" where the extractor is
    shared; ``extractor_weights_sha256`` is then over the state of that one, else "". A
    ``format_version`` of 0 becomes the oldest that can say all this.
    """

    target: str
    name: str
    version: str
    architecture: str
    extractor: str
    extractor_weights_sha256: str
    preprocessing_version: str
    classes: tuple[str, ...]
    positive: str
    threshold: float
    temperature: float
    metrics: Mapping[str, Any]
    training: Mapping[str, Any]
    limits: tuple[Mapping[str, str], ...]
    created: str
    weights_sha256: str = ""
    format_version: int = 0
    conformal: Mapping[str, Any] | None = None
    backbone_sha256: str = ""

    def __post_init__(self) -> None:
        needed = 2 if self.conformal is not None or self.backbone_sha256 else 1
        object.__setattr__(self, "format_version", max(self.format_version, needed))
        _refuse_wrong_types(self)
        _refuse_impossible(self)

    @property
    def answer_sets(self) -> Conformal | None:
        """The rule that ``conformal`` states, its classes in the order of the outputs."""
        return Conformal.from_dict(self.conformal, self.classes) if self.conformal else None

    @property
    def served_extractor(self) -> str:
        """The name that features are cached under: CODE, or CODE@sha of one that travels."""
        if not self.backbone_sha256:
            return self.extractor
        return f"{self.extractor}@{self.backbone_sha256[:12]}"

    def with_weights(self, sha256: str, backbone_sha256: str = "") -> Manifest:
        return replace(self, weights_sha256=sha256, backbone_sha256=backbone_sha256)

    def with_metrics(self, metrics: Mapping[str, Any]) -> Manifest:
        return replace(self, metrics=metrics)

    def to_json(self) -> str:
        # A NaN is not JSON: better no artifact than one that other readers refuse.
        content = asdict(self)
        if self.format_version == 1:
            content = {name: value for name, value in content.items() if name not in SINCE_2}
        return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    @staticmethod
    def from_json(text: str) -> Manifest:
        """Raises ArtifactRefused for anything but a complete manifest of a known format."""
        try:
            content = json.loads(text, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise ArtifactRefused("the manifest is not JSON") from error
        if not isinstance(content, dict):
            raise ArtifactRefused("the manifest is not a JSON object")
        version = content.get("format_version")
        if not isinstance(version, int) or isinstance(version, bool) or version not in FORMATS:
            raise ArtifactRefused(f"artifact format {version!r} is not known, only 1 and 2")
        _refuse_other_keys(content, version)
        for name in ("classes", "limits"):
            content[name] = tuple(_listed(content, name))
        return Manifest(**content)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _refuse_other_keys(content: Mapping[str, Any], version: int) -> None:
    expected = {field.name for field in fields(Manifest)} - (SINCE_2 if version == 1 else set())
    if wrong := sorted(expected ^ content.keys()):
        raise ArtifactRefused(f"the manifest lacks or adds: {', '.join(map(str, wrong))[:200]}")


def _listed(content: Mapping[str, Any], name: str) -> list[Any]:
    value = content[name]
    if not isinstance(value, list):
        raise ArtifactRefused(f"manifest: {name} is not a list")
    return value


_TEXTS: Final = (
    "target",
    "name",
    "version",
    "architecture",
    "extractor",
    "extractor_weights_sha256",
    "preprocessing_version",
    "positive",
    "created",
    "weights_sha256",
    "backbone_sha256",
)


def _refuse_wrong_types(manifest: Manifest) -> None:
    wrong = [name for name in _TEXTS if not isinstance(getattr(manifest, name), str)]
    mappings = ["metrics", "training", *(["conformal"] if manifest.conformal is not None else [])]
    wrong += [n for n in mappings if not isinstance(getattr(manifest, n), Mapping)]
    wrong += [n for n in ("threshold", "temperature") if not _is_number(getattr(manifest, n))]
    if not all(isinstance(code, str) and code for code in manifest.classes):
        wrong.append("classes")
    if not all(_is_sentence(limit) for limit in manifest.limits):
        wrong.append("limits")
    if wrong:
        raise ArtifactRefused(f"manifest: wrong type of {', '.join(wrong)}")


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    # By comparison: JSON's integers may be too large to become a float at all.
    return -sys.float_info.max <= value <= sys.float_info.max


def _is_sentence(limit: object) -> bool:
    return (
        isinstance(limit, Mapping)
        and limit.keys() == {"es", "en"}
        and all(isinstance(text, str) for text in limit.values())
    )


def _refuse_impossible(manifest: Manifest) -> None:
    classes = manifest.classes
    if len(classes) < 2 or len(set(classes)) != len(classes) or manifest.positive not in classes:
        raise ArtifactRefused("manifest: needs two different classes, one of them positive")
    if not 0.0 <= manifest.threshold <= 1.0:
        raise ArtifactRefused(f"manifest: threshold {manifest.threshold} is no probability")
    if manifest.temperature <= 0.0:
        raise ArtifactRefused(f"manifest: temperature {manifest.temperature} is not above zero")
    if manifest.conformal is not None:
        try:
            Conformal.from_dict(manifest.conformal, classes)
        except ValueError as error:
            raise ArtifactRefused(f"manifest: {error}") from error
