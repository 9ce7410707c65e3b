"""The shipped gate on real pictures, which it was not fitted on. Some of ../shared/data."""

import csv

import numpy as np
import pytest
from django.conf import settings

from images.decoding import decode
from inference.ml.engine import Engine
from inference.ml.gate import Gate
from inference.ml.preprocess import grey_input, network_input
from retraining.ml.changed import inverted, turned
from retraining.ml.drawings import DOCUMENTS, draw
from retraining.ml.split import TEST, split_of
from tests.development import shared_data, vgg16_weights

pytestmark = [pytest.mark.data, pytest.mark.slow]

SOME = 20


@pytest.fixture(scope="module")
def gate() -> Gate:
    return Gate.load(settings.GATE_DIR)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.from_weights(vgg16_weights())


@pytest.fixture(scope="module")
def passes(gate, engine):
    """`passes(greys) -> list[bool]`"""

    def judged(greys):
        features = engine.features_of(np.stack([network_input(grey) for grey in greys]))
        return [gate.judge(grey, row).passes for grey, row in zip(greys, features, strict=True)]

    return judged


@pytest.fixture(scope="module")
def unmet(gate):
    """Radiographs of held-out patients, spread over both collections."""
    folder = shared_data("chestxray")
    salt = gate.manifest.training["split_salt"]
    with (folder / "metadata.csv").open(newline="") as table:
        rows = [row for row in csv.DictReader(table) if split_of(row["patient_id"], salt) == TEST]
    chosen = np.linspace(0, len(rows) - 1, SOME).round().astype(int)
    return [grey_of(folder / "images" / rows[place]["filename"]) for place in chosen]


def grey_of(path):
    with path.open("rb") as stream:
        pixels = decode(stream).pixels
    return grey_input(pixels.array, pixels.low, pixels.high)


def test_frontal_radiographs_pass(passes, unmet):
    assert sum(passes(unmet)) >= SOME - 1


def test_ct_slices_and_laterals_are_stopped(passes):
    files = sorted(shared_data("not_chest_xray").iterdir())
    assert not any(passes([grey_of(path) for path in files]))


def test_documents_are_stopped(passes):
    drawn = [array for _name, array in draw(DOCUMENTS, 2, seed=7)]
    assert not any(passes([grey_input(array, 0, 255) for array in drawn]))


def test_radiographs_upside_down_or_inverted_are_stopped(passes, unmet):
    spoilt = [turned(grey, 2) for grey in unmet[::3]] + [inverted(grey) for grey in unmet[::3]]
    assert sum(passes(spoilt)) <= 1
