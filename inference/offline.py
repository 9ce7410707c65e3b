"""Prediction without the queue, for commands: same pixels, features and head as the worker's."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db import Error as DatabaseError
from django.utils.translation import gettext as _

from images.radiograph import RadiographPixels
from inference import gate, worker
from inference.artifact_store import identity_of, kept_folder, read_manifest
from inference.features import FeatureKey, Vector, cached_or_made
from inference.ml.errors import ArtifactRefused, WeightsRefused
from inference.ml.gate import Verdict
from inference.ml.manifest import Manifest
from inference.ml.preprocess import grey_input
from inference.models import DeployedModel, Duty

if TYPE_CHECKING:
    from inference.ml.engine import Classifier, Outcome


class ImageRefused(Exception):
    """The gate takes the image for something else than a frontal chest radiograph."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict)
        self.verdict = verdict


class UnknownModel(Exception):
    """No model answers to the given target and version."""


# What `predictor` and `cached_features` raise when they cannot work here.
UNAVAILABLE: Final = (ArtifactRefused, UnknownModel, WeightsRefused, OSError)


def reason_of(problem: Exception) -> str:
    """One sentence for the person who ran a command."""
    if isinstance(problem, FileNotFoundError):
        return _("The VGG16 weights are not there yet: run `manage.py fetch_weights` first.")
    return str(problem)


@dataclass(frozen=True)
class Predictor:
    """One model, ready to answer."""

    classifier: "Classifier"

    @property
    def manifest(self) -> Manifest:
        return self.classifier.manifest

    @property
    def version(self) -> str:
        return self.manifest.version

    def predict(
        self, pixels: RadiographPixels, *, keep_features: bool = False, check_image: bool = False
    ) -> "Outcome":
        """The outcome for one radiograph; with `keep_features` the cache is read and filled.

        With `check_image` the gate looks first: raises ImageRefused.
        """
        vector = cached_features(pixels) if keep_features else _fresh(pixels)
        if check_image:
            grey = grey_input(pixels.array, pixels.low, pixels.high)
            verdict = gate.shipped_gate().judge(grey, vector)
            if not verdict.passes:
                raise ImageRefused(verdict)
        return self.classifier.outcomes(vector[None])[0]


def predictor(*, target: str, version: str = "") -> Predictor:
    """The live model of a target, or the deployed one of that `version`, or the one that ships.

    Needs no database: without one, the model that ships answers. Raises UnknownModel,
    ArtifactRefused, WeightsRefused, or OSError when the weights are not there.
    """
    folder = _folder(target, version)
    worker.engine()
    return Predictor(worker.load_classifier(folder, identity_of(folder)))


def cached_features(pixels: RadiographPixels) -> Vector:
    """Features (dimensions,) fp16 by way of the cache; without a database made afresh."""
    spec = worker.engine().spec
    key = FeatureKey(pixels.sha256, spec.code, spec.preprocessing_version)
    try:
        return cached_or_made(key, lambda: _fresh(pixels))[0]
    except DatabaseError:
        return _fresh(pixels)


def _folder(target: str, version: str) -> Path:
    deployed = _deployed(target, version)
    if deployed is not None:
        return kept_folder(deployed.artifact)
    folder = Path(settings.BASELINE_DIR)
    shipped = read_manifest(folder)
    if shipped.target != target or version not in {"", shipped.version}:
        sentence = _("There is no model of version %(version)s for %(target)s.")
        raise UnknownModel(sentence % {"version": version or "–", "target": target})
    return folder


def _deployed(target: str, version: str) -> DeployedModel | None:
    rows = DeployedModel.objects.filter(target__code=target).order_by("-created_at", "-pk")
    wanted = {"version": version} if version else {"duty": Duty.LIVE}
    try:
        return rows.filter(**wanted).first()
    except DatabaseError:  # no database, or one without tables yet
        return None


def _fresh(pixels: RadiographPixels) -> Vector:
    vector: Vector = worker.engine().features([pixels])[0]
    return vector
