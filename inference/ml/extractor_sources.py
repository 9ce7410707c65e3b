"""torchvision's files of the shared extractors beside VGG16: which, checked how, read how.

torchvision names each file by the beginning of its SHA-256; a file is believed when its hash begins
so. The first numbers of each network are used (IMAGENET1K_V1): the later ones (V2) score higher on
photographs, but were trained with recipes (label smoothing, mixed pictures) that make features
worse to learn from (Kornblith et al. 2021, "Why do better loss functions lead to less transferable
features?").

No torch here until a file is read.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from inference.ml.errors import WeightsRefused
from inference.ml.weight_sources import SourceFailed

# VGG19's file of torchvision has 575 MB: its classifier, which is not kept, is most of it.
_MAX_SOURCE_BYTES: Final = 640 * 1024 * 1024
_CHUNK: Final = 1024 * 1024

Weights = dict[str, npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Source:
    """One file of torchvision: `Weights enum.member`, its name, and how its SHA-256 begins."""

    member: str
    file: str
    sha256: str


SOURCES: Final[dict[str, Source]] = {
    "vgg19-block5": Source("VGG19_Weights", "vgg19-dcbb9e9d.pth", "dcbb9e9d"),
    "resnet-50": Source(
        "ResNet50_Weights", "resnet50-0676ba61.pth",
        "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a",
    ),
    "inception-v3": Source("Inception_V3_Weights", "inception_v3_google-0cc3c7bd.pth", "0cc3c7bd"),
    "mobilenet-v2": Source("MobileNet_V2_Weights", "mobilenet_v2-b0353104.pth", "b0353104"),
    "mobilenet-v3-large": Source(
        "MobileNet_V3_Large_Weights", "mobilenet_v3_large-8738ca79.pth", "8738ca79"
    ),
    "densenet-121": Source("DenseNet121_Weights", "densenet121-a639ec97.pth", "a639ec97"),
    "densenet-169": Source("DenseNet169_Weights", "densenet169-b2777c0a.pth", "b2777c0a"),
}  # fmt: skip

# How torchvision's first DenseNet files name their layers: norm.1 for norm1.
_OLD_DENSENET: Final = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)")


def converted(code: str, path: Path, folder: Path) -> Weights:
    """The numbers of the backbone in a file of torchvision; `folder` has room for a copy of it.

    Raises FileNotFoundError, WeightsRefused for another hash or another network, SourceFailed.
    """
    with tempfile.TemporaryDirectory(prefix=".torchvision-", dir=folder) as private:
        # Copied while it is hashed: what is read is what was checked.
        _copy_checked(path, Path(private) / SOURCES[code].file, SOURCES[code])
        return fitting(code, _torchvision_state(SOURCES[code], Path(private)))


def downloaded(code: str, folder: Path) -> Weights:
    """The same from torchvision's server. Raises SourceFailed, WeightsRefused."""
    with tempfile.TemporaryDirectory(prefix=".torchvision-", dir=folder) as private:
        return fitting(code, _torchvision_state(SOURCES[code], Path(private)))


def _copy_checked(path: Path, copy: Path, source: Source) -> None:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stream, copy.open("xb") as out:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > _MAX_SOURCE_BYTES:
                raise WeightsRefused(f"{path.name} is larger than {_MAX_SOURCE_BYTES} bytes")
            digest.update(chunk)
            out.write(chunk)
    if not digest.hexdigest().startswith(source.sha256):
        raise WeightsRefused(
            f"{path.name} refused: its SHA-256 begins {digest.hexdigest()[:16]}, that of "
            f"torchvision's {source.file} begins {source.sha256[:16]}"
        )


def _torchvision_state(source: Source, folder: Path) -> dict[str, Any]:
    """The tensors in `folder`/`source.file`, downloaded when it is not there.

    The file is a restricted (weights-only) archive: numbers are read, no object is built.
    """
    from inference.ml.vision import torchvision

    chosen = getattr(torchvision.models, source.member).IMAGENET1K_V1
    try:
        state: dict[str, Any] = chosen.get_state_dict(
            model_dir=str(folder), progress=False, check_hash=True, weights_only=True
        )
    except Exception as problem:
        # A damaged archive fails in as many ways as there are bytes.
        raise SourceFailed(f"it cannot be read ({type(problem).__name__})") from problem
    return state


def fitting(code: str, found: dict[str, Any]) -> Weights:
    """What the backbone needs of a whole network's numbers, as float32 arrays.

    Raises WeightsRefused when something is missing or of another shape.
    """
    import torch

    from inference.ml.backbones import build_backbone, state_of

    named = {_OLD_DENSENET.sub(r"\1\2", name): value for name, value in found.items()}
    with torch.device("meta"):
        wanted = state_of(build_backbone(code))
    state: Weights = {}
    for name, tensor in wanted.items():
        value = named.get(name)
        if value is None or tuple(value.shape) != tuple(tensor.shape):
            raise WeightsRefused(
                f"the file is not of {code}: {name} is missing or of another shape"
            )
        state[name] = np.ascontiguousarray(np.asarray(value, dtype=np.float32))
    return state
