"""The networks of this process: built at first use, kept, and swapped when another model is live.

Torch is imported inside the functions, so that a web process may import this module.
"""

import logging
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from images.models import Radiograph
from inference import inputs
from inference.artifact_store import identity_of
from inference.inputs import InputReader
from inference.ml.errors import ArtifactRefused, NotConvertible, WeightsRefused
from inference.ml.preprocess import network_input

if TYPE_CHECKING:
    from inference.ml.engine import Classifier, Engine

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
        threads=settings.INFERENCE_THREADS or None,
    )
    if chosen.facts.name == "ncnn":
        keep_small_sums_on_one_thread()
    return chosen


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


def input_of(radiograph: Radiograph) -> NDArray[np.float32]:
    """What the network sees, float32 (3, 224, 224). Raises PermanentError as `inputs.input_of`."""
    return network_input(inputs.input_of(radiograph).grey)
