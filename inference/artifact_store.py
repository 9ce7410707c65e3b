"""The artifacts that are or were in service, each in a folder of its own below ARTIFACTS_DIR."""

import filecmp
import hashlib
import secrets
import shutil
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.text import slugify

from core.files import sync_folder, write_whole
from inference.ml.errors import ArtifactRefused
from inference.ml.manifest import Manifest

MANIFEST: Final = "manifest.json"
WEIGHTS: Final = "head.safetensors"
BACKBONE: Final = "backbone.safetensors"
LARGEST: Final = 64 * 1024 * 1024
LARGEST_BACKBONE: Final = 512 * 1024 * 1024


def identity_of(folder: Path) -> str:
    """SHA-256 of the manifest, which names the hash of the weights: it pins the whole artifact.

    Raises ArtifactRefused when there is no manifest.
    """
    try:
        return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    except FileNotFoundError as problem:
        raise ArtifactRefused("the artifact has no manifest") from problem


def kept_folder(name: str) -> Path:
    return Path(settings.ARTIFACTS_DIR) / name


def copy_to_part(source: Path) -> Path:
    """Copy an artifact's files beside the kept ones, not in service yet; returns the folder.

    Raises ArtifactRefused for an incomplete or oversized source, OSError when the disk refuses.
    """
    part = kept_folder(f".{secrets.token_hex(8)}.part")
    try:
        write_whole(part / MANIFEST, _read(source / MANIFEST))
        for name in files_of(part)[1:]:
            write_whole(part / name, _read(source / name))
    except BaseException:
        discard(part)
        raise
    return part


def keep(part: Path, *, target: str, version: str) -> str:
    """Give a verified copy its lasting name, which is returned; an equal one in place stays."""
    name = f"{target}-{slugify(version)}-{identity_of(part)[:12]}"[-120:]
    kept = kept_folder(name)
    if _is_equal(kept, part):
        return name
    discard(kept)
    part.rename(kept)
    sync_folder(kept.parent)
    return name


def read_manifest(folder: Path) -> Manifest:
    """The manifest alone, without torch. Raises ArtifactRefused for anything incomplete."""
    try:
        return Manifest.from_json(_read(folder / MANIFEST).decode())
    except UnicodeDecodeError as problem:
        raise ArtifactRefused("the manifest is not UTF-8") from problem


def files_of(folder: Path) -> tuple[str, ...]:
    """The names of an artifact's files, the manifest first, as the manifest tells."""
    brings_backbone = bool(read_manifest(folder).backbone_sha256)
    return (MANIFEST, WEIGHTS, BACKBONE) if brings_backbone else (MANIFEST, WEIGHTS)


def discard(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _is_equal(kept: Path, part: Path) -> bool:
    try:
        return all(filecmp.cmp(kept / n, part / n, shallow=False) for n in files_of(part))
    except FileNotFoundError:
        return False


def _read(path: Path) -> bytes:
    largest = LARGEST_BACKBONE if path.name == BACKBONE else LARGEST
    try:
        with path.open("rb") as stream:
            content = stream.read(largest + 1)
    except FileNotFoundError as problem:
        raise ArtifactRefused(f"the artifact has no {path.name}") from problem
    if len(content) > largest:
        raise ArtifactRefused(f"{path.name} is larger than {largest} bytes")
    return content
