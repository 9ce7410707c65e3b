"""The heat map of a prediction, drawn with the model that made it, whichever is live by now."""

import numpy as np
from numpy.typing import NDArray

from core.errors import PermanentError
from inference import features, reasons, worker
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
    return explain.grad_cam(classifier, _activations(prediction), positive)


def _features(prediction: Prediction, model: DeployedModel) -> NDArray[np.floating]:
    """From the cache, or made for this map alone."""
    pixels = prediction.radiograph.pixel_sha256
    kept = features.read(FeatureKey(pixels, model.extractor, model.preprocessing))
    return explain.pooled(_activations(prediction)) if kept is None else kept


def _activations(prediction: Prediction) -> NDArray[np.float32]:
    return worker.engine().before_pooling(worker.input_of(prediction.radiograph))
