"""What an interrupted training needs to go on: one folder for the last whole epoch.

`epoch-0007/` holds progress.json (format, fingerprint, history, the hash of each file) beside
network.safetensors and optimizer.safetensors (as they were after the epoch, fp32) and
kept.safetensors (the best epoch's numbers as they would be stored). It appears whole or not at all,
and the one before it goes only then. What was damaged or changed is not trusted: training begins
again, and as its random numbers are the same, so is its end.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

import torch
from safetensors import SafetensorError

from core.files import sync_folder
from retraining.ml.slow import tensors
from retraining.ml.slow.tensors import Tensors
from retraining.ml.training_spec import EpochReport

FORMAT: Final = 1
NETWORK: Final = "network.safetensors"
OPTIMIZER: Final = "optimizer.safetensors"
KEPT: Final = "kept.safetensors"
PROGRESS: Final = "progress.json"

T = TypeVar("T")

_NAME: Final = re.compile(r"epoch-(\d{4,})")
_MAX_PROGRESS_BYTES: Final = 16 * 1024 * 1024


@dataclass(frozen=True)
class Progress:
    """`history` of all epochs so far; `fingerprint` of what is trained, on what and how."""

    fingerprint: str
    history: tuple[EpochReport, ...]
    kept_epoch: int

    @property
    def epoch(self) -> int:
        return len(self.history)


@dataclass(frozen=True)
class Checkpoint:
    """A verified one; its tensors are read when they are asked for."""

    folder: Path
    progress: Progress

    def network(self) -> dict[str, torch.Tensor]:
        return tensors.read(self.folder / NETWORK)

    def optimizer(self) -> dict[str, torch.Tensor]:
        return tensors.read(self.folder / OPTIMIZER)

    def kept(self) -> dict[str, torch.Tensor]:
        return tensors.read(self.folder / KEPT)


def save(
    folder: Path, progress: Progress, *, network: Tensors, optimizer: Tensors, kept: Tensors | None
) -> None:
    """Keep an epoch; `kept` None takes over the best one of the checkpoint before.

    Raises OSError when the disk refuses; the checkpoint before is there still.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = folder / f".{secrets.token_hex(4)}.part"
    part.mkdir(mode=0o700)
    try:
        hashes = {
            NETWORK: _written(part / NETWORK, network),
            OPTIMIZER: _written(part / OPTIMIZER, optimizer),
            KEPT: _kept(folder, part, kept),
        }
        _write_synced(part / PROGRESS, lambda stream: stream.write(_json(progress, hashes)))
        sync_folder(part)
        part.rename(folder / f"epoch-{progress.epoch:04d}")
    finally:
        shutil.rmtree(part, ignore_errors=True)
    sync_folder(folder)
    _drop_all_but(folder, progress.epoch)


def newest(folder: Path, fingerprint: str) -> Checkpoint | None:
    """The last whole epoch of this very training, or None. Others and damaged ones are removed."""
    for epoch, path in sorted(_epochs(folder), reverse=True):
        progress = _verified(path, epoch)
        if progress and progress.fingerprint == fingerprint:
            _drop_all_but(folder, epoch)
            return Checkpoint(path, progress)
    _drop_all_but(folder, None)
    return None


def _written(path: Path, state: Tensors) -> str:
    return _write_synced(path, lambda stream: tensors.write(stream, state))


def _write_synced(path: Path, write: Callable[[BinaryIO], T]) -> T:
    with path.open("xb") as stream:
        told = write(stream)
        stream.flush()
        os.fsync(stream.fileno())
    return told


def _kept(folder: Path, part: Path, kept: Tensors | None) -> str:
    if kept is not None:
        return _written(part / KEPT, kept)
    _, before = max(_epochs(folder))
    try:
        os.link(before / KEPT, part / KEPT)
    except OSError:  # a file system without hard links
        shutil.copyfile(before / KEPT, part / KEPT)
    known: str = json.loads((before / PROGRESS).read_bytes())["files"][KEPT]
    return known


def _json(progress: Progress, hashes: dict[str, str]) -> bytes:
    content = {
        "format": FORMAT,
        "fingerprint": progress.fingerprint,
        "kept_epoch": progress.kept_epoch,
        "history": [asdict(report) for report in progress.history],
        "files": hashes,
    }
    return json.dumps(content | {"sha256": _sha256_of(content)}, indent=1).encode()


def _sha256_of(content: dict[str, Any]) -> str:
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _verified(path: Path, epoch: int) -> Progress | None:
    """None for another format, and where a byte differs from what was written."""
    try:
        progress, hashes = _parsed(path / PROGRESS)
        for name in (NETWORK, OPTIMIZER, KEPT):
            if tensors.file_sha256(path / name) != hashes[name]:
                return None
    except (OSError, ValueError, KeyError, TypeError, SafetensorError):
        return None
    return progress if progress.epoch == epoch else None


def _parsed(path: Path) -> tuple[Progress, dict[str, str]]:
    if path.stat().st_size > _MAX_PROGRESS_BYTES:
        raise ValueError("the progress is too long")
    content = json.loads(path.read_bytes())
    stated = content.pop("sha256")
    if content["format"] != FORMAT or stated != _sha256_of(content):
        raise ValueError("the progress is not what was written")
    history = tuple(EpochReport(**report) for report in content["history"])
    return Progress(content["fingerprint"], history, content["kept_epoch"]), content["files"]


def _epochs(folder: Path) -> list[tuple[int, Path]]:
    found = [(_NAME.fullmatch(path.name), path) for path in folder.glob("epoch-*")]
    return [(int(match[1]), path) for match, path in found if match]


def _drop_all_but(folder: Path, epoch: int | None) -> None:
    """Older epochs, and what a killed process left in half."""
    for number, path in _epochs(folder):
        if number != epoch:
            shutil.rmtree(path, ignore_errors=True)
    for part in folder.glob(".*.part"):
        shutil.rmtree(part, ignore_errors=True)
