"""Where an extractor's ncnn files are kept: converted once, verified at each start.

The folder holds ``network.param``, ``network.bin`` and ``manifest.json``, which names the SHA-256
of both, the extractor's numbers and the converter. What does not agree with it is made again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inference.ml.extractor import ExtractorSpec

# Any change of what ncnn_conversion writes needs a new one: older conversions are then made again.
CONVERTER: Final = "covid-xr-ncnn-1"

PARAM: Final = "network.param"
BINARY: Final = "network.bin"
MANIFEST: Final = "manifest.json"

# Blobs of every converted network: what goes in, the last convolution's activations, their pooling.
INPUT: Final = "radiograph"
ACTIVATIONS: Final = "activations"
FEATURES: Final = "features"


@dataclass(frozen=True)
class NcnnFiles:
    """``.param`` whole and ``.bin`` in pieces, so that the numbers are in memory once."""

    param: str
    pieces: Iterable[bytes]


def kept(folder: Path, spec: ExtractorSpec, convert: Callable[[], NcnnFiles]) -> Path:
    """The folder with the network of ``spec`` for ncnn, below ``folder``; made at first use.

    ``convert`` is asked only when there is none, or a damaged or foreign one. Several processes may
    ask at once: one converts, the others wait for it. Raises OSError when the disk refuses, and
    whatever ``convert`` raises; then nothing half-written stays.
    """
    place = folder / f"{spec.code}-ncnn"
    if not _is_whole(place, spec):
        with _alone_at(place):
            if not _is_whole(place, spec):
                _write(place, spec, convert())
    return place


def _is_whole(place: Path, spec: ExtractorSpec) -> bool:
    try:
        stated = json.loads((place / MANIFEST).read_bytes())
        return bool(stated == _manifest(place, spec))
    except (OSError, ValueError):
        return False


def _manifest(place: Path, spec: ExtractorSpec) -> dict[str, str]:
    return {
        "converter": CONVERTER,
        "extractor": spec.code,
        "weights_sha256": spec.weights_sha256,
        "param_sha256": _sha256(place / PARAM),
        "bin_sha256": _sha256(place / BINARY),
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def _alone_at(place: Path) -> Iterator[None]:
    """Wait for the lock file beside ``place``; the system lifts the lock when its holder dies."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.with_name(f".{place.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write(place: Path, spec: ExtractorSpec, files: NcnnFiles) -> None:
    part = place.with_name(f".{place.name}.part")
    shutil.rmtree(part, ignore_errors=True)  # of a process that was killed here
    try:
        part.mkdir()
        _write_through(part / PARAM, [files.param.encode()])
        _write_through(part / BINARY, files.pieces)
        manifest = json.dumps(_manifest(part, spec), indent=2)
        _write_through(part / MANIFEST, [manifest.encode()])
        shutil.rmtree(place, ignore_errors=True)
        part.rename(place)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _write_through(path: Path, pieces: Iterable[bytes]) -> None:
    with path.open("wb") as stream:
        stream.writelines(pieces)
        stream.flush()
        os.fsync(stream.fileno())
