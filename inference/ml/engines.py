"""Which engines there are, and which one this machine should use.

Libraries are imported when an engine is chosen or built: naming one costs nothing.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inference.ml.errors import NotConvertible
from inference.ml.extractor import VGG16_BLOCK5, FeatureExtractor

if TYPE_CHECKING:
    from inference.ml.ncnn_folder import NcnnFiles

logger = logging.getLogger(__name__)

AUTO: Final = "auto"

Builder = Callable[[Path, Path, int | None], FeatureExtractor]


class UnknownEngine(ValueError):
    """No engine has this name; the message lists those there are."""


def choose(wanted: str = AUTO) -> str:
    """The engine to build: the one that is ``wanted``, or for ``auto`` the best of this machine.

    That is ``torch-cuda`` where there is a GPU, else ``winograd`` where it was built for this
    processor, else ``ncnn``, else ``torch``, with the reason in the log. Raises UnknownEngine.
    """
    if wanted == AUTO:
        return _best()
    if wanted not in ENGINES:
        raise UnknownEngine(f"engine {wanted!r} is none of {', '.join([AUTO, *ENGINES])}")
    return wanted


def build(
    name: str, weights_path: Path, folder: Path, threads: int | None = None
) -> FeatureExtractor:
    """An extractor on the engine ``name`` (as ``choose`` gave it).

    ``weights_path`` is the safetensors file of the known convolutions, ``folder`` keeps what an
    engine makes of it (``ncnn`` needs 59 MB once), ``threads`` defaults to what the engine thinks
    best. Raises UnknownEngine, WeightsRefused, NotConvertible, NoNativeLibrary, ImportError,
    MemoryError or OSError.
    """
    return ENGINES[choose(name)](weights_path, folder, threads)


def _best() -> str:
    import torch

    return "torch-cuda" if torch.cuda.is_available() else best_on_cpu()


def best_on_cpu() -> str:
    """The fastest engine of this processor."""
    if _has_winograd():
        return "winograd"
    reason = _why_not_ncnn()
    if not reason:
        return "ncnn"
    logger.warning("engine torch, slower than ncnn: %s", reason)
    return "torch"


def _has_winograd() -> bool:
    from inference.ml.native_library import NoNativeLibrary, best_method

    try:
        best_method()
    except NoNativeLibrary as problem:
        logger.info("engine winograd is not here: %s", problem)
        return False
    return True


def _why_not_ncnn() -> str:
    from inference.ml.ncnn_conversion import layers_of
    from inference.ml.networks import structure_of

    try:
        importlib.import_module("inference.ml.ncnn_library")
        layers_of(structure_of(VGG16_BLOCK5))
    except (ImportError, NotConvertible) as problem:
        return str(problem)
    return ""


def _winograd(weights_path: Path, folder: Path, threads: int | None) -> FeatureExtractor:
    """ncnn in its place where the kernels do not compute here what they should."""
    from inference.ml.native_extractor import NativeExtractor, WrongNumbers

    try:
        return NativeExtractor(weights_path, threads=threads)
    except WrongNumbers as problem:
        logger.error("engine ncnn, because winograd computes wrongly here: %s", problem)
        return _ncnn(weights_path, folder, threads)


def _ncnn(weights_path: Path, folder: Path, threads: int | None) -> FeatureExtractor:
    from inference.ml import ncnn_folder
    from inference.ml.ncnn_extractor import NcnnExtractor

    model = ncnn_folder.kept(folder, VGG16_BLOCK5, lambda: _converted(weights_path))
    return NcnnExtractor(model, VGG16_BLOCK5, threads=threads)


def _converted(weights_path: Path) -> NcnnFiles:
    from inference.ml.ncnn_conversion import convert
    from inference.ml.networks import network_of

    return convert(network_of(VGG16_BLOCK5, weights_path))


def _torch(weights_path: Path, folder: Path, threads: int | None) -> FeatureExtractor:
    from inference.ml.torch_extractor import TorchExtractor

    return TorchExtractor(weights_path, threads=threads)


def _torch_cuda(weights_path: Path, folder: Path, threads: int | None) -> FeatureExtractor:
    from inference.ml.torch_cuda_extractor import TorchCudaExtractor

    return TorchCudaExtractor(weights_path)


ENGINES: Final[dict[str, Builder]] = {
    "winograd": _winograd,
    "ncnn": _ncnn,
    "torch": _torch,
    "torch-cuda": _torch_cuda,
}
