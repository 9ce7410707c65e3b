"""An artifact is whole, unaltered and of known parts, or it is refused."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from inference.ml import artifact
from inference.ml.artifact import load, save
from inference.ml.errors import ArtifactRefused
from inference.ml.heads import build_head
from tests.engines import manifest_of


@pytest.fixture(scope="module")
def head():
    torch.manual_seed(3)
    return build_head("covid-xr-c", 25088, 2)


@pytest.fixture
def saved(tmp_path, head):
    save(tmp_path / "model", manifest_of("1"), head)
    return tmp_path / "model"


def alter_manifest(folder, **changes):
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def resign(folder):
    """Give altered weights the hash they now have: only their content is left to refuse."""
    import hashlib

    digest = hashlib.sha256((folder / "head.safetensors").read_bytes()).hexdigest()
    alter_manifest(folder, weights_sha256=digest)


def test_what_was_saved_is_loaded(saved, head):
    loaded = load(saved)
    for name, tensor in head.state_dict().items():
        assert torch.equal(loaded.head.state_dict()[name], tensor.half().float())
    assert not loaded.head.training


def test_save_returns_the_manifest_on_disk(tmp_path, head):
    returned = save(tmp_path / "model", manifest_of("1"), head)
    assert load(tmp_path / "model").manifest == returned
    assert len(returned.weights_sha256) == 64


def test_equal_models_have_equal_files(saved, tmp_path, head):
    save(tmp_path / "again", manifest_of("1"), head)
    for path in saved.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_artifact_fits_into_twelve_megabytes(saved):
    assert sum(path.stat().st_size for path in saved.iterdir()) < 12_000_000


def test_a_published_artifact_never_changes(saved, head):
    before = (saved / "manifest.json").read_bytes()
    with pytest.raises(FileExistsError):
        save(saved, manifest_of("2"), head)
    assert (saved / "manifest.json").read_bytes() == before


def test_a_full_disk_leaves_nothing(tmp_path, head, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(artifact.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save(tmp_path / "model", manifest_of("1"), head)
    assert list(tmp_path.iterdir()) == []


def test_a_manifest_for_another_head_is_not_saved(tmp_path, head):
    three = manifest_of("1", classes=("normal", "covid-19", "viral"))
    with pytest.raises(ArtifactRefused, match="do not fit"):
        save(tmp_path / "model", three, head)
    assert list(tmp_path.iterdir()) == []


def test_one_altered_bit_is_noticed(saved):
    path = saved / "head.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArtifactRefused, match="SHA-256"):
        load(saved)


@pytest.mark.parametrize("name", ["manifest.json", "head.safetensors"])
def test_a_missing_file_is_named(saved, name):
    (saved / name).unlink()
    with pytest.raises(ArtifactRefused, match=name):
        load(saved)


@pytest.mark.parametrize("name", ["manifest.json", "head.safetensors"])
def test_an_oversized_file_is_not_read(saved, name):
    with (saved / name).open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(ArtifactRefused, match="larger than"):
        load(saved)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"architecture": "resnet-900"}, "architecture 'resnet-900'"),
        ({"extractor": "vgg99"}, "extractor 'vgg99'"),
        ({"extractor_weights_sha256": "0" * 64}, "another vgg16-block5"),
        ({"preprocessing_version": "xr-224-0"}, "preprocessing 'xr-224-0'"),
        ({"classes": ["a", "b", "covid-19"]}, "do not fit"),
        ({"format_version": 99}, "format 99"),
    ],
)
def test_unknown_parts_are_refused(saved, changes, reason):
    alter_manifest(saved, **changes)
    with pytest.raises(ArtifactRefused, match=reason):
        load(saved)


def test_weights_that_are_not_safetensors_are_refused(saved):
    (saved / "head.safetensors").write_bytes(b"\x80\x04pickle")
    resign(saved)
    with pytest.raises(ArtifactRefused, match="not a safetensors"):
        load(saved)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda state: state.pop("dense.2.bias"), "do not fit"),
        (lambda state: state.update(extra=torch.zeros(1).half()), "do not fit"),
        (lambda state: state["dense.0.bias"].fill_(float("nan")), "not finite"),
        (lambda state: state.update({"dense.0.bias": torch.zeros(200)}), "float16"),
    ],
    ids=["missing", "extra", "nan", "fp32"],
)
def test_a_state_that_does_not_belong_is_refused(saved, change, reason):
    state = load_file(saved / "head.safetensors")
    change(state)
    save_file(state, saved / "head.safetensors")
    resign(saved)
    with pytest.raises(ArtifactRefused, match=reason):
        load(saved)


def test_a_manifest_that_is_not_text_is_refused(saved):
    (saved / "manifest.json").write_bytes(b"\xff\xfe")
    with pytest.raises(ArtifactRefused, match="UTF-8"):
        load(saved)
