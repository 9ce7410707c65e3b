"""A network that was trained whole travels in its artifact: verified, copied, named by its hash."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from django.conf import settings
from safetensors.torch import load_file, save_file

from images.models import Target
from inference import services
from inference.artifact_store import kept_folder
from inference.ml.artifact import load, save
from inference.ml.backbones import build_backbone
from inference.ml.errors import ArtifactRefused
from inference.ml.extractor import EXTRACTORS
from inference.ml.heads import build_head
from inference.ml.manifest import Manifest
from inference.ml.torch_backbone import TorchBackbone
from tests.engines import manifest_of

CNN = EXTRACTORS["cnn-64"]
OWN = {
    "architecture": "logistic", "extractor": CNN.code, "extractor_weights_sha256": "",
    "preprocessing_version": CNN.preprocessing_version,
}  # fmt: skip
RULE = {"error_rate": 0.1, "quantiles": {"no-covid-19": 0.3, "covid-19": None}}


@pytest.fixture(scope="module")
def backbone():
    torch.manual_seed(8)
    return build_backbone("cnn-64").eval()


@pytest.fixture(scope="module")
def head():
    torch.manual_seed(9)
    return build_head("logistic", CNN.dimensions, 2)


@pytest.fixture
def saved(tmp_path, head, backbone):
    save(tmp_path / "model", manifest_of("1", **OWN), head, backbone.state_dict())
    return tmp_path / "model"


def alter_manifest(folder, **changes):
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_what_was_saved_computes_the_same(saved, backbone):
    loaded = load(saved)
    film = torch.rand(1, 1, 64, 64)
    with torch.inference_mode():
        assert torch.equal(loaded.backbone(film), backbone(film))
    assert not loaded.backbone.training


def test_its_extractor_is_named_by_the_hash_of_its_file(saved):
    loaded = load(saved)
    sha256 = hashlib.sha256((saved / "backbone.safetensors").read_bytes()).hexdigest()
    assert loaded.manifest.backbone_sha256 == sha256
    assert loaded.extractor.code == f"cnn-64@{sha256[:12]}" == loaded.manifest.served_extractor
    assert loaded.extractor.weights_sha256 == sha256
    assert TorchBackbone(loaded.extractor, loaded.backbone).extract(
        np.zeros((1, 1, 64, 64), np.float32)
    ).shape == (1, 64)


def test_half_precision_is_kept_where_it_loses_nothing(tmp_path, head, backbone):
    half = {n: t.half() if t.is_floating_point() else t for n, t in backbone.state_dict().items()}
    save(tmp_path / "half", manifest_of("1", **OWN), head, half)
    save(tmp_path / "full", manifest_of("1", **OWN), head, backbone.state_dict())
    sizes = [(tmp_path / n / "backbone.safetensors").stat().st_size for n in ("half", "full")]
    assert sizes[0] < 0.52 * sizes[1]
    widened = {n: t.float() if t.is_floating_point() else t for n, t in half.items()}
    save(tmp_path / "same", manifest_of("1", **OWN), head, widened)
    assert load(tmp_path / "same").manifest == load(tmp_path / "half").manifest
    weight = load(tmp_path / "half").backbone.state_dict()["dense.2.weight"]
    assert (weight.dtype, torch.equal(weight, half["dense.2.weight"].float())) == (
        torch.float32, True,
    )  # fmt: skip


def test_an_artifact_without_one_is_written_as_ever(tmp_path):
    torch.manual_seed(3)
    manifest = save(tmp_path / "m", manifest_of("1"), build_head("covid-xr-c", 25088, 2))
    assert manifest.format_version == 1
    assert "conformal" not in (tmp_path / "m" / "manifest.json").read_text()
    assert load(tmp_path / "m").backbone is None


def test_the_shipped_model_keeps_its_identity():
    text = (settings.BASELINE_DIR / "manifest.json").read_text()
    assert Manifest.from_json(text).to_json() == text
    assert Manifest.from_json(text).served_extractor == "vgg16-block5"


def test_one_altered_bit_of_the_backbone_is_noticed(saved):
    path = saved / "backbone.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArtifactRefused, match="SHA-256"):
        load(saved)


def test_a_missing_backbone_is_named(saved):
    (saved / "backbone.safetensors").unlink()
    with pytest.raises(ArtifactRefused, match=r"no backbone\.safetensors"):
        load(saved)


def test_an_oversized_backbone_is_not_read(saved):
    with (saved / "backbone.safetensors").open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(ArtifactRefused, match="larger than"):
        load(saved)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"backbone_sha256": ""}, "needs its own weights"),
        ({"extractor": "vgg16-block5"}, "is shared"),
        ({"extractor": "alexnet-grey", "preprocessing_version": "xr-227-1-grey-unit-1"}, "not fit"),
        ({"extractor_weights_sha256": "0" * 64}, "another cnn-64"),
        ({"preprocessing_version": "xr-224-1"}, "preprocessing 'xr-224-1'"),
        ({"format_version": 1}, "lacks or adds"),
    ],
    ids=["no-backbone", "shared", "another-network", "weights", "preprocessing", "format-1"],
)
def test_parts_that_do_not_belong_together_are_refused(saved, changes, reason):
    alter_manifest(saved, **changes)
    with pytest.raises(ArtifactRefused, match=reason):
        load(saved)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda s: s.pop("dense.2.bias"), "do not fit"),
        (lambda s: s["dense.2.bias"].fill_(float("inf")), "not finite"),
        (lambda s: s.update({"dense.2.bias": s["dense.2.bias"].double()}), "neither"),
    ],
    ids=["missing", "infinite", "double"],
)
def test_a_backbone_that_does_not_belong_is_refused(saved, change, reason):
    path = saved / "backbone.safetensors"
    state = load_file(path)
    change(state)
    save_file(state, path)
    alter_manifest(saved, backbone_sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    with pytest.raises(ArtifactRefused, match=reason):
        load(saved)


def test_a_backbone_that_is_no_safetensors_file_is_refused(saved):
    path = saved / "backbone.safetensors"
    path.write_bytes(b"\x80\x04pickle")
    alter_manifest(saved, backbone_sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    with pytest.raises(ArtifactRefused, match="not a safetensors"):
        load(saved)


def test_a_shared_extractor_takes_no_backbone(tmp_path, head, backbone):
    with pytest.raises(ArtifactRefused, match="is shared"):
        save(tmp_path / "model", manifest_of("1"), head, backbone.state_dict())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("sha256", "is_whole"), [("ab" * 32, True), ("", False), ("xyz", False)])
def test_an_extractor_of_torchvision_is_named_with_its_weights(tmp_path, sha256, is_whole):
    spec = EXTRACTORS["resnet-50"]
    facts = OWN | {
        "extractor": spec.code, "extractor_weights_sha256": sha256,
        "preprocessing_version": spec.preprocessing_version,
    }  # fmt: skip
    head = build_head("logistic", spec.dimensions, 2)
    if is_whole:
        assert save(tmp_path / "model", manifest_of("1", **facts), head).format_version == 1
        assert load(tmp_path / "model").extractor == spec
    else:
        with pytest.raises(ArtifactRefused, match="another resnet-50"):
            save(tmp_path / "model", manifest_of("1", **facts), head)


def test_a_rule_for_answer_sets_makes_it_format_two(tmp_path, head, backbone):
    manifest = manifest_of("1", **OWN, conformal=RULE)
    save(tmp_path / "model", manifest, head, backbone.state_dict())
    loaded = load(tmp_path / "model").manifest
    assert (loaded.format_version, loaded.conformal) == (2, RULE)
    assert loaded.answer_sets.quantiles == (0.3, None)


@pytest.mark.django_db
class TestInService:
    @pytest.fixture
    def target(self):
        return Target.objects.get(code="covid-19")

    def test_the_row_names_the_network_by_its_weights(self, saved, target):
        model = services.activate(target=target, artifact_dir=saved, by=None, reason="test")
        sha256 = load(saved).manifest.backbone_sha256
        assert model.extractor == f"cnn-64@{sha256[:12]}"
        assert model.preprocessing == CNN.preprocessing_version

    def test_all_three_files_are_kept(self, saved, target):
        model = services.activate(target=target, artifact_dir=saved, by=None, reason="test")
        kept = kept_folder(model.artifact)
        assert {p.name: p.read_bytes() for p in kept.iterdir()} == {
            p.name: p.read_bytes() for p in saved.iterdir()
        }

    def test_an_equal_one_in_place_stays(self, saved, target):
        first = services.activate(target=target, artifact_dir=saved, by=None, reason="1")
        second = services.activate(
            target=target, artifact_dir=kept_folder(first.artifact), by=None, reason="2"
        )
        assert second.artifact == first.artifact

    def test_a_kept_copy_that_lost_its_network_is_replaced(self, saved, target):
        first = services.activate(target=target, artifact_dir=saved, by=None, reason="1")
        (kept_folder(first.artifact) / "backbone.safetensors").unlink()
        services.activate(target=target, artifact_dir=saved, by=None, reason="2")
        assert load(kept_folder(first.artifact)).backbone is not None

    def test_files_beside_the_artifact_are_not_taken_along(self, saved, target):
        shutil.copy(Path(__file__), saved / "more.py")
        model = services.activate(target=target, artifact_dir=saved, by=None, reason="test")
        assert not (kept_folder(model.artifact) / "more.py").exists()

    def test_a_damaged_network_serves_nobody(self, saved, target):
        (saved / "backbone.safetensors").write_bytes(b"x")
        with pytest.raises(ArtifactRefused):
            services.activate(target=target, artifact_dir=saved, by=None, reason="test")
        assert not kept_folder("").exists() or list(kept_folder("").iterdir()) == []
