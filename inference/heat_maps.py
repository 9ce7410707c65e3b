"""The heat map of a prediction, drawn with the model that made it, whichever is live by now."""

import numpy as np
from numpy.typing import NDArray

from core.errors import PermanentError
from inference import extraction, features, reasons, worker
from inference.batch import classifier_of
from inference.features import FeatureKey
from inference.ml import explain
from inference.ml.explain import Heat
from inference.models import DeployedModel, Method, Prediction


def heat_map(prediction: Prediction, method: str) -> Heat:
    """What spoke for the positive class, whatever the prediction says: (rows, columns) in 0..1.

    All is 0 where no region spoke for it. Raises PermanentError when the model's artifact or the
    stored file is missing or damaged, MemoryError or OSError for troubles that may pass.
    """
    model = prediction.model
    if model is None:
        raise PermanentError(reasons.MODEL_MISSING)
    classifier = classifier_of(model)
    positive = classifier.manifest.classes.index(classifier.manifest.positive)
    if method == Method.FAST_CAM:
        return explain.fast_cam(classifier, _features(prediction, model), positive)
    extractor = extraction.engine_of(model)
    # Of VGG16 in whatever engine: `explain` knows its pooling.
    last = None if extraction.reads_basis(model) else extractor.last_part
    activations = extractor.before_pooling(worker.input_of(prediction.radiograph, extractor.spec))
    return explain.grad_cam(classifier, activations, positive, last)


def _features(prediction: Prediction, model: DeployedModel) -> NDArray[np.floating]:
    """From the cache, or made for this map alone."""
    pixels = prediction.radiograph.pixel_sha256
    kept = features.read(FeatureKey(pixels, model.extractor, model.preprocessing))
    if kept is not None:
        return kept
    extractor = extraction.engine_of(model)
    film = worker.input_of(prediction.radiograph, extractor.spec)
    vector: NDArray[np.floating] = worker.features_of(extractor, film[None])[0]
    return vector
