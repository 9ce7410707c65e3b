"""The networks of this process: built at first use, kept, and swapped when another model is live.

Torch is imported inside the functions, so that a web process may import this module.
"""

import logging
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from core import yielding
from images.models import Radiograph
from inference import inputs
from inference.artifact_store import identity_of, kept_folder, read_manifest
from inference.inputs import Grey, InputReader
from inference.ml.errors import ArtifactRefused, NotConvertible, WeightsRefused
from inference.ml.extractor import VGG16_BLOCK5, ExtractorSpec
from inference.ml.preprocess import normalised
from inference.models import DeployedModel

if TYPE_CHECKING:
    from inference.ml.artifact import Artifact
    from inference.ml.engine import Classifier, Engine
    from inference.ml.pending import PendingFeatures

logger = logging.getLogger(__name__)

WEIGHTS_NAME: Final = "vgg16_features_imagenet.safetensors"


def fetched_weights() -> Path:
    """Where `fetch_weights` puts the extractor's weights."""
    return Path(settings.WEIGHTS_DIR) / WEIGHTS_NAME


def weights_path() -> Path:
    """The fetched weights, else the administrator's own file where one is named."""
    fetched = fetched_weights()
    if settings.VGG16_WEIGHTS and not fetched.exists():
        return Path(settings.VGG16_WEIGHTS)
    return fetched


@lru_cache(maxsize=1)
def engine() -> "Engine":
    """The extractor of this process, on the engine of INFERENCE_ENGINE.

    What an engine makes of the weights is kept beside them. Raises WeightsRefused, ImportError,
    MemoryError or OSError.
    """
    from inference.ml.engine import Engine
    from inference.ml.processor import keep_small_sums_on_one_thread

    chosen = Engine.from_weights(
        weights_path(),
        name=settings.INFERENCE_ENGINE,
        folder=Path(settings.WEIGHTS_DIR),
        threads=_threads(),
    )
    if chosen.facts.name in {"winograd", "ncnn"}:
        keep_small_sums_on_one_thread()
    return chosen


def extractor_named(code: str) -> "Engine":
    """A shared extractor: VGG16 on the engine of INFERENCE_ENGINE, every other one on torch.

    Raises KeyError for one that is not known or not shared, WeightsUnavailable or WeightsRefused
    when its weights are not on this machine, ImportError, MemoryError or OSError.
    """
    return engine() if code == VGG16_BLOCK5.code else _shared(code)


def extractor_for(model: DeployedModel) -> "Engine":
    """What makes the features that `model` reads: a shared extractor, or the network it brought.

    Raises as `extractor_named`, and ArtifactRefused for a damaged artifact, or one that was trained
    on other weights of its extractor than those of this machine.
    """
    if "@" in model.extractor:
        return _travelling(kept_folder(model.artifact), model.sha256)
    chosen = extractor_named(model.extractor)
    if chosen.spec.code != VGG16_BLOCK5.code:
        refuse_other_weights(chosen.spec, kept_folder(model.artifact))
    return chosen


def refuse_other_weights(spec: ExtractorSpec, folder: Path) -> None:
    """Raises ArtifactRefused unless the artifact was trained on the weights of `spec`."""
    wanted = read_manifest(folder).extractor_weights_sha256
    if wanted != spec.weights_sha256:
        raise ArtifactRefused(f"trained on another {spec.code} than the one used here")


# Few at a time: what serves, and a candidate beside it. Each is up to half a gigabyte.
@lru_cache(maxsize=2)
def _shared(code: str) -> "Engine":
    from inference.ml.engine import Engine
    from inference.ml.extractor_weights import load_extractor

    return Engine(load_extractor(code, Path(settings.WEIGHTS_DIR)))


@lru_cache(maxsize=2)
def _travelling(folder: Path, sha256: str) -> "Engine":
    from inference.ml.artifact import load

    if identity_of(folder) != sha256:
        raise ArtifactRefused("the artifact is not the one that was activated")
    return own_network(load(folder))


def own_network(artifact: "Artifact") -> "Engine":
    """The network that an artifact brings. Raises ArtifactRefused where it brings none."""
    from inference.ml.engine import Engine
    from inference.ml.torch_backbone import TorchBackbone

    if artifact.backbone is None:
        raise ArtifactRefused("the artifact has no network of its own")
    return Engine(TorchBackbone(artifact.extractor, artifact.backbone))


def features_of(extractor: "Engine", batch: NDArray[np.float32]) -> NDArray[np.float16]:
    """Features (N, dimensions) of what `batch_of` made. Raises as `Engine.features_of`."""
    from inference.ml.processor import torch_threads

    if extractor.spec.code == VGG16_BLOCK5.code:
        return extractor.features_of(batch)
    with torch_threads(_threads()):
        return extractor.features_of(batch)


def begin_features(extractor: "Engine", batch: NDArray[np.float32]) -> "PendingFeatures":
    """The same, which may return before the numbers are there. Raises as `features_of`."""
    from inference.ml.pending import Ready

    if extractor.spec.code == VGG16_BLOCK5.code:
        return extractor.begin(batch)
    return Ready(features_of(extractor, batch))


def batch_of(spec: ExtractorSpec, greys: Sequence[Grey]) -> NDArray[np.float32]:
    """Films (side, side) in 0..1 to what the network of `spec` reads, (N, channels, side, side)."""
    batch = np.empty((len(greys), *spec.input_shape), np.float32)
    for place, grey in zip(batch, greys, strict=True):
        place[:] = normalised(spec.normalisation, grey)
    return batch


def network_input_of(spec: ExtractorSpec, grey: Grey) -> NDArray[np.float32]:
    """One film, (channels, side, side); torch wants it writable, which Pillow's arrays are not."""
    return np.require(normalised(spec.normalisation, grey), requirements=["C", "W"])


def _threads() -> int | None:
    """Of one network; None: all cores."""
    if yielding.is_yielding():
        return yielding.background_threads()
    return settings.INFERENCE_THREADS or None


@lru_cache(maxsize=8)
def load_classifier(folder: Path, sha256: str) -> "Classifier":
    """The head of an artifact, by its identity: a swapped model is another key.

    Raises ArtifactRefused when the files are damaged or not those of the identity `sha256`.
    """
    from inference.ml.artifact import load
    from inference.ml.engine import Classifier

    if identity_of(folder) != sha256:
        raise ArtifactRefused("the artifact is not the one that was activated")
    return Classifier(load(folder))


def is_ready() -> bool:
    """Build the extractor; False, with one line in the log, when it cannot work here.

    Asked before a row is claimed: missing weights are no fault of the radiograph that waits.
    """
    try:
        engine()
    except (OSError, WeightsRefused) as problem:
        logger.error("no predictions: run fetch_weights reason=%s", type(problem).__name__)
        return False
    except (ImportError, NotConvertible, MemoryError) as problem:
        logger.error("no predictions: see INFERENCE_ENGINE reason=%s", type(problem).__name__)
        return False
    return True


@lru_cache(maxsize=1)
def reader() -> InputReader:
    """The decode threads of this process."""
    return InputReader()


def input_of(radiograph: Radiograph, spec: ExtractorSpec = VGG16_BLOCK5) -> NDArray[np.float32]:
    """What the network of `spec` sees, float32 (channels, side, side).

    Raises PermanentError as `inputs.input_of`.
    """
    return network_input_of(spec, inputs.input_of(radiograph, (spec.side,)).at(spec.side))
