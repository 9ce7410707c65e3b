"""The manifest of a model artifact: everything that must travel with the weights, as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

from inference.ml.errors import ArtifactRefused

FORMAT_VERSION: Final = 1


@dataclass(frozen=True)
class Manifest:
    """Identity, decision rule, evidence and limits of one trained head.

    ``classes`` are codes in the order of the outputs. ``threshold`` is the operating point on the
    probability of ``positive`` after division of the logits by ``temperature``. ``metrics`` are
    of held-out patients. ``limits`` are sentences for people, one dict {"es", "en"} each.
    ``weights_sha256`` is over the bytes of ``head.safetensors``; ``created`` is an ISO 8601 date.
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
    format_version: int = FORMAT_VERSION

    def __post_init__(self) -> None:
        _refuse_wrong_types(self)
        _refuse_impossible(self)

    def with_weights(self, sha256: str) -> Manifest:
        return replace(self, weights_sha256=sha256)

    def with_metrics(self, metrics: Mapping[str, Any]) -> Manifest:
        return replace(self, metrics=metrics)

    def to_json(self) -> str:
        # A NaN is not JSON: better no artifact than one that other readers refuse.
        return json.dumps(asdict(self), indent=2, ensure_ascii=False, allow_nan=False) + "\n"

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
        if version != FORMAT_VERSION or isinstance(version, bool):
            raise ArtifactRefused(
                f"artifact format {version!r} is not known, only {FORMAT_VERSION}"
            )
        _refuse_other_keys(content)
        for name in ("classes", "limits"):
            content[name] = tuple(_listed(content, name))
        return Manifest(**content)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _refuse_other_keys(content: Mapping[str, Any]) -> None:
    expected = {field.name for field in fields(Manifest)}
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
)


def _refuse_wrong_types(manifest: Manifest) -> None:
    wrong = [name for name in _TEXTS if not isinstance(getattr(manifest, name), str)]
    wrong += [n for n in ("metrics", "training") if not isinstance(getattr(manifest, n), Mapping)]
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
