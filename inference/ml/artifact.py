"""A model artifact on disk: a folder with ``manifest.json`` and ``head.safetensors`` (fp16)."""

from __future__ import annotations

import hashlib
import os
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

from inference.ml.errors import ArtifactRefused
from inference.ml.extractor import EXTRACTORS
from inference.ml.heads import HEADS, Head, build_head
from inference.ml.manifest import Manifest

MANIFEST_NAME: Final = "manifest.json"
WEIGHTS_NAME: Final = "head.safetensors"

_MAX_MANIFEST_BYTES: Final = 1024 * 1024
_MAX_WEIGHTS_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True)
class Artifact:
    """A verified artifact; the head is in evaluation mode, its values are the stored fp16 ones."""

    manifest: Manifest
    head: Head


def save(directory: Path, manifest: Manifest, head: Head) -> Manifest:
    """Write a new artifact and return its manifest with the hash of the weights.

    The folder appears whole or not at all. Raises FileExistsError when there is one already (a
    published artifact never changes), ArtifactRefused when manifest and head do not belong
    together, OSError when the disk refuses.
    """
    if directory.exists():
        raise FileExistsError(f"artifact {directory.name} exists already")
    content = serialise_safetensors(_half(head.state_dict()))
    complete = manifest.with_weights(hashlib.sha256(content).hexdigest())
    _head_of(complete, content)
    part = directory.parent / f".{directory.name}.{secrets.token_hex(4)}.part"
    part.mkdir(parents=True)
    try:
        _write_through(part / WEIGHTS_NAME, content)
        _write_through(part / MANIFEST_NAME, complete.to_json().encode())
        part.rename(directory)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return complete


def load(directory: Path) -> Artifact:
    """Read an artifact, trusting nothing in it.

    Raises ArtifactRefused for an unknown format, architecture or extractor, for weights whose
    SHA-256 or shapes differ from what the manifest says, and for values that are not finite.
    """
    manifest = load_manifest(directory)
    content = _read(directory / WEIGHTS_NAME, _MAX_WEIGHTS_BYTES)
    return Artifact(manifest, _head_of(manifest, content))


def load_manifest(directory: Path) -> Manifest:
    """The manifest alone; ArtifactRefused as in ``load``. The weights are not looked at."""
    try:
        text = _read(directory / MANIFEST_NAME, _MAX_MANIFEST_BYTES).decode()
    except UnicodeDecodeError as error:
        raise ArtifactRefused("the manifest is not UTF-8") from error
    return Manifest.from_json(text)


def _head_of(manifest: Manifest, content: bytes) -> Head:
    _refuse_unknown_parts(manifest)
    found = hashlib.sha256(content).hexdigest()
    if found != manifest.weights_sha256:
        raise ArtifactRefused(
            f"weights have SHA-256 {found}, the manifest says {manifest.weights_sha256}"
        )
    try:
        state = parse_safetensors(content)
    except (SafetensorError, ValueError) as error:
        raise ArtifactRefused("the weights are not a safetensors file") from error
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
    if manifest.extractor_weights_sha256 != spec.weights_sha256:
        raise ArtifactRefused(f"trained on another {spec.code} than the one used here")
    if manifest.preprocessing_version != spec.preprocessing_version:
        raise ArtifactRefused(
            f"trained with preprocessing {manifest.preprocessing_version!r}, "
            f"used here is {spec.preprocessing_version!r}"
        )


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
