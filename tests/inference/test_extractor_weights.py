"""torchvision's files are believed by their hash, kept by ours, and named when they are absent."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from inference.ml import extractor_sources, extractor_weights
from inference.ml.backbones import build_backbone, state_of
from inference.ml.errors import WeightsRefused, WeightsUnavailable
from inference.ml.extractor import EXTRACTORS, SHARED
from inference.ml.extractor_sources import SOURCES
from inference.ml.extractor_weights import (
    fetch_extractor,
    is_at_hand,
    kept_file,
    load_extractor,
    starting_state,
)
from inference.ml.vision import torchvision
from inference.ml.weights import state_sha256
from tests.development import vgg16_weights

CODE = "mobilenet-v2"
FILE = SOURCES[CODE].file


@pytest.fixture(scope="module")
def theirs():
    torch.manual_seed(6)
    return torchvision.models.mobilenet_v2(weights=None).state_dict()


@pytest.fixture
def placed(tmp_path, theirs, monkeypatch):
    """torchvision's file in the weights folder, with random numbers and the hash they have."""
    return place(tmp_path, theirs, monkeypatch)


def place(folder, state, monkeypatch, code=CODE):
    path = folder / SOURCES[code].file
    torch.save(state, path)
    pin(path, monkeypatch, code)
    return path


def pin(path, monkeypatch, code=CODE):
    import hashlib

    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    monkeypatch.setitem(SOURCES, code, replace(SOURCES[code], sha256=digest))


@pytest.fixture(autouse=True)
def no_network(monkeypatch, tmp_path):
    def down(*arguments, **options):
        raise OSError("network is unreachable")

    monkeypatch.setattr(torch.hub, "download_url_to_file", down)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))


def test_each_source_is_the_file_that_torchvision_names():
    assert set(SOURCES) == set(SHARED) - {"vgg16-block5"}
    for source in SOURCES.values():
        url = getattr(torchvision.models, source.member).IMAGENET1K_V1.url
        assert url.rsplit("/", 1)[1] == source.file
        assert source.file.removesuffix(".pth").endswith(source.sha256[:8])


def test_a_placed_file_is_converted_and_gives_its_numbers(placed, theirs):
    loaded = load_extractor(CODE, placed.parent)
    expected = {n: t.numpy() for n, t in theirs.items() if n.startswith("features.")
                and t.is_floating_point()}  # fmt: skip
    assert loaded.spec.weights_sha256 == state_sha256(expected)
    film = np.random.default_rng(0).normal(size=(1, 3, 224, 224)).astype(np.float32)
    whole = torchvision.models.mobilenet_v2(weights=None).eval()
    whole.load_state_dict(theirs)
    with torch.inference_mode():
        pooled = whole.features(torch.from_numpy(film)).mean(dim=(2, 3)).numpy()
    np.testing.assert_allclose(loaded.extract(film), pooled, rtol=1e-4, atol=1e-6)


def test_what_was_converted_needs_the_file_no_more(placed):
    first = load_extractor(CODE, placed.parent).spec
    placed.unlink()
    assert load_extractor(CODE, placed.parent).spec == first
    assert is_at_hand(CODE, placed.parent)


def test_nothing_but_the_kept_files_stays(placed):
    load_extractor(CODE, placed.parent)
    assert {p.name for p in placed.parent.iterdir()} == {
        FILE, "mobilenet-v2.safetensors", "mobilenet-v2.json",
    }  # fmt: skip


def test_an_absent_file_is_named(tmp_path):
    assert not is_at_hand(CODE, tmp_path)
    with pytest.raises(WeightsUnavailable) as refusal:
        load_extractor(CODE, tmp_path)
    assert FILE in str(refusal.value)
    assert "fetch_weights --extractor mobilenet-v2" in str(refusal.value)
    assert str(tmp_path) not in str(refusal.value)


def test_a_file_with_another_hash_is_refused(placed):
    content = bytearray(placed.read_bytes())
    content[1000] ^= 1
    placed.write_bytes(content)
    with pytest.raises(WeightsRefused, match=r"begins [0-9a-f]{16}, that of torchvision"):
        load_extractor(CODE, placed.parent)
    assert not kept_file(CODE, placed.parent).exists()


def test_a_file_of_another_network_is_refused(tmp_path, monkeypatch):
    place(tmp_path, {"features.0.0.weight": torch.zeros(3)}, monkeypatch)
    with pytest.raises(WeightsRefused, match="not of mobilenet-v2"):
        load_extractor(CODE, tmp_path)


class Trap:
    def __reduce__(self):
        return (open, ("trap-sprung", "w"))


def test_a_file_that_builds_objects_runs_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place(tmp_path, {"features.0.0.weight": Trap()}, monkeypatch)
    with pytest.raises(extractor_sources.SourceFailed, match="cannot be read"):
        load_extractor(CODE, tmp_path)
    assert not (tmp_path / "trap-sprung").exists()


def test_a_damaged_archive_is_a_failed_source(tmp_path, monkeypatch):
    (tmp_path / FILE).write_bytes(b"not an archive")
    pin(tmp_path / FILE, monkeypatch)
    with pytest.raises(extractor_sources.SourceFailed):
        load_extractor(CODE, tmp_path)


def test_one_altered_bit_of_the_kept_file_is_noticed(placed):
    load_extractor(CODE, placed.parent)
    kept = kept_file(CODE, placed.parent)
    content = bytearray(kept.read_bytes())
    content[-3] ^= 1
    kept.write_bytes(content)
    with pytest.raises(WeightsRefused, match="SHA-256"):
        load_extractor(CODE, placed.parent)


def test_a_kept_file_without_its_hash_is_not_believed(placed):
    load_extractor(CODE, placed.parent)
    kept_file(CODE, placed.parent).with_suffix(".json").unlink()
    with pytest.raises(WeightsRefused, match="hash of mobilenet-v2"):
        load_extractor(CODE, placed.parent)


def test_a_model_gets_the_weights_it_was_trained_on_or_none(placed):
    found = load_extractor(CODE, placed.parent).spec.weights_sha256
    assert load_extractor(CODE, placed.parent, found).spec.weights_sha256 == found
    with pytest.raises(WeightsRefused, match="was trained on"):
        load_extractor(CODE, placed.parent, "0" * 64)


def test_the_old_names_of_densenet_are_understood(tmp_path, monkeypatch):
    state = state_of(build_backbone("densenet-121"))
    old = {
        name.replace("norm1.", "norm.1.").replace("norm2.", "norm.2.")
        .replace("conv1.", "conv.1.").replace("conv2.", "conv.2.")
        if "denselayer" in name else name: tensor
        for name, tensor in state.items()
    }  # fmt: skip
    assert old.keys() != state.keys()
    place(tmp_path, old, monkeypatch, "densenet-121")
    expected = state_sha256({name: tensor.numpy() for name, tensor in state.items()})
    assert load_extractor("densenet-121", tmp_path).spec.weights_sha256 == expected


def test_fetching_takes_the_given_file_first(placed, tmp_path):
    folder, lines = tmp_path / "weights", []
    fetch_extractor(CODE, folder, placed, lines.append)
    assert lines[0] == f"{CODE} weights: trying the given file"
    assert "verified" in lines[-1]
    assert load_extractor(CODE, folder).spec.dimensions == 1280


def test_fetching_takes_what_another_installation_kept(placed, tmp_path):
    load_extractor(CODE, placed.parent)
    folder = tmp_path / "weights"
    fetch_extractor(CODE, folder, kept_file(CODE, placed.parent), lambda line: None)
    assert load_extractor(CODE, folder).spec == load_extractor(CODE, placed.parent).spec


def test_fetching_finds_the_cache_of_torch(placed, tmp_path):
    cache = tmp_path / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    placed.rename(cache / FILE)
    lines = []
    fetch_extractor(CODE, tmp_path / "weights", None, lines.append)
    assert "from the cache of torch" in lines[-1]


def test_fetching_mends_a_damaged_kept_file(placed):
    folder = placed.parent
    load_extractor(CODE, folder)
    kept_file(CODE, folder).write_bytes(b"damaged")
    fetch_extractor(CODE, folder, placed, lambda line: None)
    assert load_extractor(CODE, folder).spec.dimensions == 1280


def test_when_no_source_helps_each_is_named(tmp_path):
    with pytest.raises(WeightsUnavailable) as refusal:
        fetch_extractor(CODE, tmp_path / "weights", tmp_path / "absent.pth", lambda line: None)
    lines = str(refusal.value).splitlines()
    assert len(lines) == 4
    assert "the given file: not found" in lines[0]
    assert "torchvision's download" in lines[-1]
    assert list((tmp_path / "weights").iterdir()) == []


def test_the_hash_beside_names_its_source(placed):
    load_extractor(CODE, placed.parent)
    facts = json.loads(kept_file(CODE, placed.parent).with_suffix(".json").read_text())
    assert facts["source"] == FILE
    assert len(facts["state_sha256"]) == 64


@pytest.mark.parametrize("code", [c for c, spec in EXTRACTORS.items() if spec.travels])
def test_networks_of_models_are_not_loaded_from_the_folder(tmp_path, code):
    with pytest.raises(KeyError):
        load_extractor(code, tmp_path)


def test_whole_networks_start_from_chance_or_from_vgg16(tmp_path):
    assert starting_state("cnn-64", tmp_path) is None
    assert is_at_hand("cnn-64", tmp_path)
    assert not is_at_hand("vgg16-fine-tuned", tmp_path)
    with pytest.raises(WeightsUnavailable):
        starting_state("vgg16-fine-tuned", tmp_path)


@pytest.mark.data
def test_fine_tuning_starts_from_the_known_convolutions():
    from inference.ml.backbones import backbone_with

    path = vgg16_weights()
    state = starting_state("vgg16-fine-tuned", path.parent, path)
    tensors = {name: torch.from_numpy(array) for name, array in state.items()}
    kept = state_of(backbone_with("vgg16-fine-tuned", tensors))
    assert state_sha256({n: t.numpy() for n, t in kept.items()}).startswith("560ddafd")
    assert path.name == extractor_weights.VGG16_FILE
