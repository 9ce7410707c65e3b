"""The model that ships: complete, honest about itself, and as good as it says."""

import csv

import numpy as np
import pytest
from django.conf import settings
from PIL import Image

from images.radiograph import RadiographPixels
from inference.ml.artifact import load
from inference.ml.engine import Classifier, Engine
from retraining.ml.split import TEST, split_of
from tests.development import shared_data, vgg16_weights


@pytest.fixture(scope="module")
def shipped():
    return load(settings.BASELINE_DIR)


def test_it_answers_the_question_of_the_target(shipped):
    manifest = shipped.manifest
    assert (manifest.target, manifest.architecture) == ("covid-19", "covid-xr-c")
    assert (manifest.classes, manifest.positive) == (("no-covid-19", "covid-19"), "covid-19")


def test_it_is_small_enough_to_be_committed():
    assert sum(path.stat().st_size for path in settings.BASELINE_DIR.iterdir()) <= 12_000_000


def test_its_figures_reach_the_goals(shipped):
    figures = shipped.manifest.metrics["metrics"]
    assert figures["auc"] >= 0.985
    assert figures["sensitivity"] >= 0.90
    assert figures["specificity"] >= 0.965


def test_its_confusion_matrix_adds_up(shipped):
    metrics = shipped.manifest.metrics
    counts = metrics["confusion"]
    assert sum(counts.values()) == metrics["n"]
    assert counts["tp"] / metrics["positives"] == metrics["metrics"]["sensitivity"]


def test_it_names_its_limits_in_both_languages(shipped):
    limits = shipped.manifest.limits
    assert any("collection" in limit["en"] and "colección" in limit["es"] for limit in limits)


@pytest.mark.data
@pytest.mark.slow
def test_held_out_patients_score_as_the_manifest_says(shipped):
    """The first radiographs of held-out patients, from file to probability."""
    folder = shared_data("chestxray")
    salt = shipped.manifest.training["split_salt"]
    with (folder / "metadata.csv").open() as stream:
        rows = [row for row in csv.DictReader(stream) if split_of(row["patient_id"], salt) == TEST]
    chosen = [r for r in rows if r["label"] == "covid"][:6] + rows[-6:]
    films = [np.asarray(Image.open(folder / "images" / row["filename"])) for row in chosen]
    engine = Engine.from_weights(vgg16_weights())
    features = engine.features(RadiographPixels(film, 0, 255) for film in films)
    outcomes = Classifier(shipped).outcomes(features)
    right = [
        (outcome.label == "covid-19") == (row["rt_pcr"] == "positive")
        for outcome, row in zip(outcomes, chosen, strict=True)
    ]
    assert len(rows) == shipped.manifest.metrics["n"]
    assert sum(right) >= 11
