"""A gate whose files are damaged, incomplete or of another kind does not open."""

import hashlib
import json

import numpy as np
import pytest
from safetensors.numpy import save

from inference.ml.errors import ArtifactRefused
from inference.ml.gate import MANIFEST_NAME, SHAPES, WEIGHTS_NAME, Gate
from tests.gates import make_gate


@pytest.fixture
def folder(tmp_path):
    make_gate(tmp_path / "gate")
    return tmp_path / "gate"


def rewrite(folder, **changes):
    path = folder / MANIFEST_NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def replace_weights(folder, **changes):
    """Other weights with a manifest that vouches for them."""
    arrays = {name: np.ones(shape, kind) for name, (kind, shape) in SHAPES.items()}
    content = save({name: array for name, array in (arrays | changes).items() if array is not None})
    (folder / WEIGHTS_NAME).write_bytes(content)
    rewrite(folder, weights_sha256=hashlib.sha256(content).hexdigest())


def test_one_flipped_bit(folder):
    path = folder / WEIGHTS_NAME
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArtifactRefused):
        Gate.load(folder)


@pytest.mark.parametrize("name", [MANIFEST_NAME, WEIGHTS_NAME])
def test_a_missing_file(folder, name):
    (folder / name).unlink()
    with pytest.raises(ArtifactRefused):
        Gate.load(folder)


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b"{}", b"[" * 100_000, b'"' * 5_000_000])
def test_no_manifest(folder, content):
    (folder / MANIFEST_NAME).write_bytes(content)
    with pytest.raises(ArtifactRefused):
        Gate.load(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"similarity_floor": float("nan")},
        {"similarity_floor": "0.2"},
        {"similarity_floor": 2},
        {"score_floor": True},
        {"score_floor": None},
        {"distance_limit": 0},
        {"distance_limit": 10**400},
        {"steepness": -1},
        {"rule": "score >= score_floor"},
        {"format_version": 2},
        {"extractor": "another"},
        {"extractor": ["vgg16-block5"]},
        {"extractor_weights_sha256": "00"},
        {"preprocessing_version": "another"},
        {"added": 1},
    ],
)
def test_a_manifest_that_cannot_be(folder, changes):
    rewrite(folder, **changes)
    with pytest.raises(ArtifactRefused):
        Gate.load(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"centre": None},
        {"added": np.ones(1)},
        {"centre": np.ones(3, np.float32)},
        {"centre": np.ones(SHAPES["centre"][1], np.float64)},
        {"centre": np.full(SHAPES["centre"][1], np.inf, np.float32)},
        {"variances": np.zeros(SHAPES["variances"][1], np.float32)},
    ],
)
def test_weights_that_cannot_be(folder, changes):
    replace_weights(folder, **changes)
    with pytest.raises(ArtifactRefused):
        Gate.load(folder)


def test_weights_of_another_format(folder):
    content = b"not safetensors"
    (folder / WEIGHTS_NAME).write_bytes(content)
    rewrite(folder, weights_sha256=hashlib.sha256(content).hexdigest())
    with pytest.raises(ArtifactRefused):
        Gate.load(folder)


def test_replaced_weights_open_where_they_fit(folder):
    """So that the refusals above are for the change, not for the replacement."""
    replace_weights(folder)
    assert Gate.load(folder)
