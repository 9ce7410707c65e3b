"""A model artifact on disk: a folder with ``manifest.json`` and ``head.safetensors`` (fp16).

A network that was trained whole brings ``backbone.safetensors`` (fp16 or fp32) as well.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse_safetensors
from safetensors.torch import save as serialise_safetensors

from inference.ml.backbones import Backbone, backbone_with
from inference.ml.errors import ArtifactRefused, WeightsRefused
from inference.ml.extractor import EXTRACTORS, ExtractorSpec, travelling
from inference.ml.heads import HEADS, Head, build_head
from inference.ml.manifest import Manifest

MANIFEST_NAME: Final = "manifest.json"
WEIGHTS_NAME: Final = "head.safetensors"
BACKBONE_NAME: Final = "backbone.safetensors"

_MAX_MANIFEST_BYTES: Final = 1024 * 1024
_MAX_WEIGHTS_BYTES: Final = 64 * 1024 * 1024
_MAX_BACKBONE_BYTES: Final = 512 * 1024 * 1024

State = Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class Artifact:
    """A verified artifact; the head is in evaluation mode, its values are the stored fp16 ones.

    So is the ``backbone``, None where the extractor is shared.
    """

    manifest: Manifest
    head: Head
    backbone: Backbone | None = None

    @property
    def extractor(self) -> ExtractorSpec:
        """What its features come from; of a backbone of its own CODE@sha, as in the cache."""
        if self.backbone is None:
            return EXTRACTORS[self.manifest.extractor]
        return travelling(self.manifest.extractor, self.manifest.backbone_sha256)


def save(
    directory: Path, manifest: Manifest, head: Head, backbone: State | None = None
) -> Manifest:
    """Write a new artifact and return its manifest with the hashes of the weights.

    ``backbone`` is the state of a network that travels, kept as fp16 where
    that loses not a bit and as fp32 otherwise (counters of batches are left out).

    The folder appears whole or not at all. Raises FileExistsError when there is one already (a
    published artifact never changes), ArtifactRefused when manifest and weights do not belong
    together, OSError when the disk refuses.
    """
    if directory.exists():
        raise FileExistsError(f"artifact {directory.name} exists already")
    contents = {WEIGHTS_NAME: serialise_safetensors(_half(head.state_dict()))}
    if backbone is not None:
        contents[BACKBONE_NAME] = serialise_safetensors(_kept(backbone))
    hashes = [hashlib.sha256(content).hexdigest() for content in contents.values()]
    complete = manifest.with_weights(*hashes)
    _artifact_of(complete, contents)
    part = directory.parent / f".{directory.name}.{secrets.token_hex(4)}.part"
    part.mkdir(parents=True)
    try:
        for name, content in contents.items():
            _write_through(part / name, content)
        _write_through(part / MANIFEST_NAME, complete.to_json().encode())
        part.rename(directory)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return complete


def load(directory: Path) -> Artifact:
    """Read an artifact, trusting nothing in it.

    Raises ArtifactRefused for an unknown format, architecture or extractor, for weights whose
    SHA-256 or shapes differ from what the manifest says, for values that are not finite, and for a
    backbone that is missing or too much.
    """
    manifest = load_manifest(directory)
    contents = {WEIGHTS_NAME: _read(directory / WEIGHTS_NAME, _MAX_WEIGHTS_BYTES)}
    if manifest.backbone_sha256:
        contents[BACKBONE_NAME] = _read(directory / BACKBONE_NAME, _MAX_BACKBONE_BYTES)
    return _artifact_of(manifest, contents)


def load_manifest(directory: Path) -> Manifest:
    """The manifest alone; ArtifactRefused as in ``load``. The weights are not looked at."""
    try:
        text = _read(directory / MANIFEST_NAME, _MAX_MANIFEST_BYTES).decode()
    except UnicodeDecodeError as error:
        raise ArtifactRefused("the manifest is not UTF-8") from error
    return Manifest.from_json(text)


def _artifact_of(manifest: Manifest, contents: Mapping[str, bytes]) -> Artifact:
    _refuse_unknown_parts(manifest)
    head = _head_of(manifest, contents[WEIGHTS_NAME])
    if not manifest.backbone_sha256:
        return Artifact(manifest, head)
    state = _state_of(contents[BACKBONE_NAME], manifest.backbone_sha256)
    if any(tensor.dtype not in (torch.float16, torch.float32) for tensor in state.values()):
        raise ArtifactRefused("the backbone is stored neither as float16 nor as float32")
    try:
        return Artifact(manifest, head, backbone_with(manifest.extractor, state))
    except WeightsRefused as error:
        raise ArtifactRefused(str(error)) from error


def _state_of(content: bytes, sha256: str) -> dict[str, torch.Tensor]:
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ArtifactRefused(f"weights have SHA-256 {found}, the manifest says {sha256}")
    try:
        state: dict[str, torch.Tensor] = parse_safetensors(content)
    except (SafetensorError, ValueError, KeyError) as error:
        raise ArtifactRefused("the weights are not a safetensors file") from error
    return state


def _head_of(manifest: Manifest, content: bytes) -> Head:
    state = _state_of(content, manifest.weights_sha256)
    dimensions = EXTRACTORS[manifest.extractor].dimensions
    # Without memory: the stored values replace these at once.
    with torch.device("meta"):
        head = build_head(manifest.architecture, dimensions, len(manifest.classes))
    _refuse_other_state(head, state)
    head.load_state_dict({n: t.to(torch.float32) for n, t in state.items()}, assign=True)
    return head.eval().requires_grad_(False)


def _refuse_unknown_parts(manifest: Manifest) -> None:
    if manifest.architecture not in HEADS:
        raise ArtifactRefused(f"architecture {manifest.architecture!r} is not known here")
    spec = EXTRACTORS.get(manifest.extractor)
    if spec is None:
        raise ArtifactRefused(f"extractor {manifest.extractor!r} is not known here")
    if spec.travels != bool(manifest.backbone_sha256):
        wanted = "needs its own weights" if spec.travels else "is shared and brings no weights"
        raise ArtifactRefused(f"extractor {spec.code!r} {wanted}")
    _refuse_other_extractor(spec, manifest.extractor_weights_sha256)
    if manifest.preprocessing_version != spec.preprocessing_version:
        raise ArtifactRefused(
            f"trained with preprocessing {manifest.preprocessing_version!r}, "
            f"used here is {spec.preprocessing_version!r}"
        )


def _refuse_other_extractor(spec: ExtractorSpec, sha256: str) -> None:
    # Numbers from torchvision are not pinned here: who loads that extractor compares them
    # (`extractor_weights.load_extractor`).
    is_free = not spec.travels and not spec.weights_sha256
    if re.fullmatch("[0-9a-f]{64}", sha256) is None if is_free else sha256 != spec.weights_sha256:
        raise ArtifactRefused(f"trained on another {spec.code} than the one used here")


def _refuse_other_state(head: Head, state: Mapping[str, torch.Tensor]) -> None:
    expected = {name: tensor.shape for name, tensor in head.state_dict().items()}
    if {name: tensor.shape for name, tensor in state.items()} != expected:
        raise ArtifactRefused("the weights do not fit the architecture of the manifest")
    if any(tensor.dtype != torch.float16 for tensor in state.values()):
        raise ArtifactRefused("the weights are not stored as float16")
    if not all(torch.isfinite(tensor).all() for tensor in state.values()):
        raise ArtifactRefused("the weights hold values that are not finite")


def _half(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor.to(torch.float16).contiguous() for name, tensor in state.items()}


def _kept(state: State) -> dict[str, torch.Tensor]:
    numbers = {name: tensor for name, tensor in state.items() if tensor.is_floating_point()}
    return {name: _smallest(tensor.detach().cpu()) for name, tensor in numbers.items()}


def _smallest(tensor: torch.Tensor) -> torch.Tensor:
    """As fp16 where that loses not a bit, else as fp32."""
    half = tensor.to(torch.float16)
    is_enough = tensor.dtype == torch.float16 or torch.equal(half.to(tensor.dtype), tensor)
    return (half if is_enough else tensor.to(torch.float32)).contiguous()


def _write_through(path: Path, content: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _read(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(limit + 1)
    except FileNotFoundError as error:
        raise ArtifactRefused(f"the artifact has no {path.name}") from error
    if len(content) > limit:
        raise ArtifactRefused(f"{path.name} is larger than {limit} bytes")
    return content
