"""Whatever engine computes the features of a real radiograph, the shipped model says the same.

Some radiographs of ../shared/data; with COVIDXR_PARITY=all every one (905, some minutes).
"""

import os

import numpy as np
import pytest
from django.conf import settings

from images.decoding import decode
from inference.ml.artifact import load
from inference.ml.engine import Classifier, Engine
from tests.development import shared_data, vgg16_weights
from tests.engines import METHODS, native_extractor

pytestmark = [pytest.mark.data, pytest.mark.slow]

SOME = 24


@pytest.fixture(scope="module")
def films():
    """Paths spread evenly over the sorted names: both classes, both collections."""
    paths = sorted((shared_data("chestxray") / "images").iterdir())
    if os.environ.get("COVIDXR_PARITY") == "all":
        return paths
    return [paths[place] for place in np.linspace(0, len(paths) - 1, SOME).round().astype(int)]


def features_on(name, films, folder):
    engine = Engine.from_weights(vgg16_weights(), name=name, folder=folder)
    return engine.features(pixels_of(path) for path in films)


def pixels_of(path):
    with path.open("rb") as stream:
        return decode(stream).pixels


@pytest.fixture(scope="module")
def reference(films, tmp_path_factory):
    return features_on("torch", films, tmp_path_factory.mktemp("torch"))


@pytest.fixture(scope="module", params=["ncnn", *METHODS])
def found(request, films, tmp_path_factory):
    if request.param == "ncnn":
        return features_on("ncnn", films, tmp_path_factory.mktemp("ncnn"))
    engine = Engine(native_extractor(vgg16_weights(), request.param))
    return engine.features(pixels_of(path) for path in films)


def test_features_are_within_a_thousandth(reference, found):
    expected = reference.astype(np.float32)
    off = np.abs(found.astype(np.float32) - expected).max(axis=1)
    assert (off <= 1e-3 * expected.max(axis=1)).all()


def test_the_probability_is_within_a_hundredth_and_the_class_the_same(reference, found):
    classifier = Classifier(load(settings.BASELINE_DIR))
    pairs = zip(classifier.outcomes(reference), classifier.outcomes(found), strict=True)
    for expected, outcome in pairs:
        assert abs(expected.positive_probability - outcome.positive_probability) <= 0.01
        assert expected.label == outcome.label
