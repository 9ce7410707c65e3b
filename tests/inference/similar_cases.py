"""Confirmed cases with features, as rows: what the similar cases are found among."""

import numpy as np

from images.models import Radiograph
from inference.models import DeployedModel, FeatureShard, FeatureVector
from tests.factories import make_radiograph

EXTRACTOR, PREPROCESSING, CHANNELS = "vgg16-block5", "xr-224-1", 512


def serve(target, extractor: str = EXTRACTOR, version: str = "1") -> DeployedModel:
    """A model in service whose features are compared; a row without files."""
    return DeployedModel.objects.create(
        target=target, version=version, threshold=0.5,
        extractor=extractor, preprocessing=PREPROCESSING,
    )  # fmt: skip


def pooled(degrees: float) -> np.ndarray:
    """A vector at that angle from the first axis: the cosine of two is that of their difference."""
    vector = np.zeros(CHANNELS)
    vector[:2] = 3 * np.cos(np.radians(degrees)), 3 * np.sin(np.radians(degrees))
    return vector


def keep_features(radiograph: Radiograph, vector: np.ndarray, extractor=EXTRACTOR) -> FeatureVector:
    shard, _ = FeatureShard.objects.get_or_create(
        name=extractor, extractor=extractor, preprocessing=PREPROCESSING, dimensions=CHANNELS
    )
    return FeatureVector.objects.create(
        shard=shard, position=shard.vectors.count(), pixel_sha256=radiograph.pixel_sha256,
        extractor=extractor, preprocessing=PREPROCESSING, sha256="0" * 64,
        pooled=vector.astype("<f2").tobytes(),
    )  # fmt: skip


def make_case(degrees: float, *, seed: int, rt_pcr: str = "positive", **facts) -> Radiograph:
    """A confirmed radiograph of a patient of its own, with features at that angle."""
    facts = {"patient_code": f"P-{seed}"} | facts
    radiograph = make_radiograph(seed=seed, rt_pcr=rt_pcr, **facts)
    keep_features(radiograph, pooled(degrees))
    return radiograph
