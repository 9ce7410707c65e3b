"""The numbers of the shared extractors on this machine: found, verified, kept, loaded.

What came from torchvision (`extractor_sources`) is kept as safetensors with its own hash
(`weights.state_sha256`) beside it; only that file is read from then on. No torch here until a
network is built.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as parse_safetensors

from inference.ml import weights
from inference.ml.errors import WeightsRefused, WeightsUnavailable
from inference.ml.extractor import EXTRACTORS, VGG16_BLOCK5, ExtractorSpec
from inference.ml.extractor_sources import SOURCES, Source, Weights, converted, downloaded, fitting
from inference.ml.weight_sources import SourceFailed

if TYPE_CHECKING:
    from inference.ml.torch_backbone import TorchBackbone

_MAX_KEPT_BYTES: Final = 256 * 1024 * 1024

STARTS_FROM_VGG16: Final = "vgg16-fine-tuned"
VGG16_FILE: Final = "vgg16_features_imagenet.safetensors"

Report = Callable[[str], None]


def kept_file(code: str, folder: Path) -> Path:
    """Where the numbers of a shared extractor lie; KeyError for a code that is not one."""
    return folder / (
        VGG16_FILE if code == VGG16_BLOCK5.code else f"{_shared(code).code}.safetensors"
    )


def is_at_hand(code: str, folder: Path) -> bool:
    """Whether `load_extractor` would find a file, without reading it. True of networks that are
    trained whole, but for one that starts from VGG16's convolutions."""
    if EXTRACTORS[code].travels:
        return code != STARTS_FROM_VGG16 or kept_file(VGG16_BLOCK5.code, folder).is_file()
    source = SOURCES.get(code)
    placed = source is not None and (folder / source.file).is_file()
    return kept_file(code, folder).is_file() or placed


def load_extractor(code: str, folder: Path, sha256: str = "") -> TorchBackbone:
    """A shared extractor from the weights in `folder`; torchvision's own file there is converted.

    ``sha256`` is the state that a model was trained on, where it matters. Raises WeightsUnavailable
    when there is no file (the message says which to put where), WeightsRefused when it is not what
    it was or not the one asked for, OSError when it cannot be read, KeyError for a code that is
    not a shared extractor.
    """
    import torch

    from inference.ml.backbones import backbone_with
    from inference.ml.torch_backbone import TorchBackbone

    state, found = _state_in(code, folder)
    if sha256 and found != sha256:
        raise WeightsRefused(f"{code} has the weights {found}, the model was trained on {sha256}")
    tensors = {name: torch.from_numpy(array) for name, array in state.items()}
    spec = replace(EXTRACTORS[code], weights_sha256=found)
    return TorchBackbone(spec, backbone_with(code, tensors))


def starting_state(code: str, folder: Path, vgg16: Path | None = None) -> Weights | None:
    """What a network that is trained whole starts from: VGG16's convolutions, or None for chance.

    They are read from ``vgg16`` where it is given, else from `folder`. Raises as `load_extractor`.
    """
    if code != STARTS_FROM_VGG16:
        return None
    return weights.load(vgg16) if vgg16 else _state_in(VGG16_BLOCK5.code, folder)[0]


def fetch_extractor(code: str, folder: Path, local: Path | None, report: Report) -> Path:
    """Put verified numbers of a shared extractor into `folder` and return their file.

    Tried in order: ``local`` (torchvision's file, or one that another installation kept), what is
    already in `folder`, the cache of torch, torchvision's download. Each failure is one line
    through ``report``. Raises WeightsUnavailable when none helped, OSError when writing failed,
    KeyError for a code that has no source.
    """
    source = SOURCES[code]
    folder.mkdir(parents=True, exist_ok=True)
    failures: list[str] = []
    for name, state_from in _ways(code, source, folder, local):
        report(f"{code} weights: trying {name}")
        try:
            state = state_from()
        except _FAILURES as problem:
            failures.append(f"{code} weights: {name}: {_one_line(problem)}")
            report(failures[-1])
            continue
        found = _keep(code, folder, state, source)
        report(f"{code} weights: verified, from {name}, SHA-256 {found}")
        return kept_file(code, folder)
    raise WeightsUnavailable("\n".join(failures))


_FAILURES: Final = (WeightsRefused, WeightsUnavailable, SourceFailed, OSError, ImportError)


def _ways(
    code: str, source: Source, folder: Path, local: Path | None
) -> list[tuple[str, Callable[[], Weights]]]:
    ways: list[tuple[str, Callable[[], Weights]]] = [
        ("the weights folder", lambda: _state_in(code, folder)[0]),
        ("the cache of torch", lambda: converted(code, _torch_cache() / source.file, folder)),
        ("torchvision's download", lambda: downloaded(code, folder)),
    ]
    if local is not None:
        ways.insert(0, ("the given file", lambda: _given(code, local, folder)))
    return ways


def _shared(code: str) -> ExtractorSpec:
    spec = EXTRACTORS[code]
    if spec.travels:
        raise KeyError(code)
    return spec


def _state_in(code: str, folder: Path) -> tuple[Weights, str]:
    """The numbers of a shared extractor and their hash."""
    path = kept_file(code, folder)
    if code == VGG16_BLOCK5.code:
        if not path.is_file():
            raise WeightsUnavailable("The weights of vgg16-block5 are not here: run fetch_weights.")
        return weights.load(path), weights.VGG16_SHA256
    if path.is_file():
        return _read_kept(code, path)
    source = SOURCES[code]
    if not (folder / source.file).is_file():
        raise WeightsUnavailable(
            f"The weights of {code} are not here. Run fetch_weights --extractor {code}, or put "
            f"torchvision's file {source.file} into the folder of weights."
        )
    state = converted(code, folder / source.file, folder)
    return state, _keep(code, folder, state, source)


def _read_kept(code: str, path: Path) -> tuple[Weights, str]:
    """Raises WeightsRefused unless the numbers are those that were converted."""
    state = _parsed(path)
    found = weights.state_sha256(state)
    try:
        noted = json.loads(_note(path).read_text())["state_sha256"]
    except (FileNotFoundError, ValueError, KeyError, TypeError) as problem:
        raise WeightsRefused(f"the hash of {path.name} is not beside it") from problem
    if noted != found:
        raise WeightsRefused(f"{code} weights refused: SHA-256 {found}, expected {noted}")
    return state, found


def _parsed(path: Path) -> Weights:
    size = path.stat().st_size
    if size > _MAX_KEPT_BYTES:
        raise WeightsRefused(f"{path.name} is larger than {_MAX_KEPT_BYTES} bytes")
    try:
        state: Weights = parse_safetensors(path.read_bytes())
    except (SafetensorError, KeyError, ValueError) as problem:
        raise WeightsRefused(f"{path.name} is not a safetensors file") from problem
    if any(array.dtype != np.float32 for array in state.values()):
        raise WeightsRefused(f"{path.name} does not hold its numbers as float32")
    return state


def _note(path: Path) -> Path:
    return path.with_suffix(".json")


def _given(code: str, path: Path, folder: Path) -> Weights:
    """An administrator's file: torchvision's, or one that another installation converted."""
    if path.suffix == ".safetensors":
        return fitting(code, _read_kept(code, path)[0])
    return converted(code, path, folder)


def _keep(code: str, folder: Path, state: Weights, source: Source) -> str:
    """Write the hash, then the numbers: without the numbers they are simply converted again."""
    path, found = kept_file(code, folder), weights.state_sha256(state)
    facts = {"state_sha256": found, "source": source.file, "source_sha256": source.sha256}
    if path.is_file() and _is_noted(path, found):
        return found
    path.unlink(missing_ok=True)
    part = _note(path).with_name(f".{_note(path).name}.{secrets.token_hex(4)}.part")
    try:
        part.write_text(json.dumps(facts, indent=2) + "\n")
        part.replace(_note(path))
    finally:
        part.unlink(missing_ok=True)
    weights.write(path, state)
    return found


def _is_noted(path: Path, found: str) -> bool:
    try:
        return weights.state_sha256(_read_kept("", path)[0]) == found
    except (OSError, WeightsRefused):
        return False


def _torch_cache() -> Path:
    import torch

    return Path(torch.hub.get_dir()) / "checkpoints"


def _one_line(problem: BaseException) -> str:
    if isinstance(problem, FileNotFoundError):
        return "not found"
    lines = str(problem).strip().splitlines()
    return lines[0] if lines else type(problem).__name__
