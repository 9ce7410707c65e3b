"""The networks of this process: built at first use, kept, and swapped when another model is live.

Torch is imported inside the functions, so that a web process may import this module.
"""

import logging
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.conf import settings

from core.errors import PermanentError
from images.models import Radiograph
from images.radiograph import RadiographPixels
from inference import reasons
from inference.artifact_store import identity_of, kept_folder
from inference.features import FeatureKey, Vector, cached_or_made
from inference.ml.errors import ArtifactRefused, WeightsRefused
from inference.models import DeployedModel, Prediction

if TYPE_CHECKING:
    from inference.ml.engine import Classifier, Engine, Outcome

logger = logging.getLogger(__name__)

WEIGHTS_NAME: Final = "vgg16_features_imagenet.safetensors"


@dataclass(frozen=True)
class Answer:
    """What one model says about one radiograph, and what it took (whole milliseconds)."""

    model: DeployedModel
    outcome: "Outcome"
    features_were_cached: bool
    milliseconds: int


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
    """The extractor of this process (0.4 GB). Raises WeightsRefused or OSError."""
    from inference.ml.engine import Engine

    return Engine.from_weights(weights_path())


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
    """Build the extractor; False, with one line in the log, when its weights cannot be had.

    Asked before a row is claimed: missing weights are no fault of the radiograph that waits.
    """
    try:
        engine()
    except (OSError, WeightsRefused) as problem:
        logger.error("no predictions: run fetch_weights reason=%s", type(problem).__name__)
        return False
    return True


def answer(prediction: Prediction) -> Answer:
    """Let the model that is live now answer. Raises PermanentError, MemoryError or OSError."""
    started = time.monotonic()
    model = DeployedModel.objects.live(prediction.target)
    if model is None:
        raise PermanentError(reasons.MODEL_MISSING)
    try:
        head = load_classifier(kept_folder(model.artifact), model.sha256)
    except ArtifactRefused as problem:
        raise PermanentError(reasons.MODEL_REFUSED) from problem
    vector, was_cached = features_of(prediction.radiograph, model)
    outcome = head.outcomes(vector[None])[0]
    return Answer(model, outcome, was_cached, round((time.monotonic() - started) * 1000))


def features_of(radiograph: Radiograph, model: DeployedModel) -> tuple[Vector, bool]:
    """Feature vector (dimensions,) fp16 as `model` wants it, and whether it was cached."""
    key = FeatureKey(radiograph.pixel_sha256, model.extractor, model.preprocessing)
    return cached_or_made(key, lambda: engine().features([pixels_of(radiograph)])[0])


def pixels_of(radiograph: Radiograph) -> RadiographPixels:
    """The stored pixels. Raises PermanentError when they are gone or not those that were stored."""
    try:
        with radiograph.file.open("rb") as stream:
            content = stream.read()
    except FileNotFoundError as problem:
        raise PermanentError(reasons.FILE_MISSING) from problem
    try:
        pixels = RadiographPixels.from_png(content, radiograph.display_low, radiograph.display_high)
    except (OSError, SyntaxError, ValueError) as problem:
        raise PermanentError(reasons.FILE_DAMAGED) from problem
    if pixels.sha256 != radiograph.pixel_sha256:
        raise PermanentError(reasons.FILE_DAMAGED)
    return pixels
