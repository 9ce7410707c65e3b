"""From radiographs to the shipped artifact, with a small extractor and made-up patients."""

import numpy as np
import pytest

from images.radiograph import RadiographPixels
from inference.ml.artifact import load
from inference.ml.engine import Classifier, Engine
from inference.ml.extractor import VGG16_BLOCK5, BatchLimits
from retraining.ml.baseline import SALT, Cohort, train_baseline
from retraining.ml.evaluation import evaluate
from retraining.ml.split import TEST, split_of
from retraining.ml.training_spec import TrainingFailed


class PatchExtractor:
    """Features are the pixels of the radiograph themselves, as many as VGG16 gives."""

    spec = VGG16_BLOCK5
    limits = BatchLimits(8, 0.0)

    def extract(self, batch):
        flat = batch.reshape(len(batch), -1)[:, : self.spec.dimensions]
        return np.abs(flat).astype(np.float32)


def film(positive, random):
    grey = random.integers(60, 120, (224, 224))
    grey[:60] += 40 * positive
    return RadiographPixels(grey.astype(np.uint8), 0, 255)


@pytest.fixture(scope="module")
def people():
    """Ninety patients with two radiographs each, every third one positive."""
    random = np.random.default_rng(0)
    rows = [(i % 3 == 0, f"patient-{i}") for i in range(90) for _ in range(2)]
    films = [film(positive, random) for positive, _ in rows]
    return films, [positive for positive, _ in rows], [patient for _, patient in rows]


@pytest.fixture(scope="module")
def run(people, tmp_path_factory):
    films, labels, patients = people
    out, lines = tmp_path_factory.mktemp("baseline") / "model", []
    engine = Engine(PatchExtractor())
    manifest = train_baseline(
        iter(films), labels, patients,
        engine=engine, out=out, created="2026-01-02", report=lines.append,
    )  # fmt: skip
    return out, manifest, lines


def test_artifact_can_be_served(run):
    out, manifest, _ = run
    assert load(out).manifest == manifest
    assert manifest.created == "2026-01-02"


def test_metrics_are_those_of_the_stored_head_on_held_out_patients(run, people):
    films, labels, patients = people
    held_out = [row for row, patient in enumerate(patients) if split_of(patient, SALT) == TEST]
    features = Engine(PatchExtractor()).features(films[row] for row in held_out)
    scores = Classifier(load(run[0])).probabilities(features)[:, 1]
    truth, groups = [labels[row] for row in held_out], [patients[row] for row in held_out]
    expected = evaluate(truth, scores, run[1].threshold, groups).to_dict()
    assert run[1].metrics == {"split": "test", **expected}


def test_manifest_tells_how_it_was_made(run):
    training = run[1].training
    assert training["split_salt"] == SALT
    assert sum(part["radiographs"] for part in training["counts"].values()) == 180
    assert sum(part["patients"] for part in training["counts"].values()) == 90


def test_limits_name_the_patients_in_training(run):
    sick = [f"patient-{i}" for i in range(0, 90, 3) if split_of(f"patient-{i}", SALT) == "train"]
    assert any(f"Only {len(sick)} patients" in limit["en"] for limit in run[1].limits)


def test_progress_is_told(run):
    assert len(run[2]) == 3


def test_a_cohort_too_small_to_split_is_refused(people, tmp_path):
    films, labels, patients = (part[:6] for part in people)
    with pytest.raises(TrainingFailed):
        train_baseline(
            films, labels, patients,
            engine=Engine(PatchExtractor()), out=tmp_path / "m", created="2026-01-02",
        )  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_lengths_that_differ_are_refused():
    with pytest.raises(ValueError, match="differ in number"):
        Cohort(np.zeros((2, 4), np.float16), np.zeros(2, bool), ("one",))
