"""Putting a model in service: verified, copied, one more row; never an overwrite."""

import shutil
from pathlib import Path

import pytest

from images.models import Target
from inference import services
from inference.ml.errors import ArtifactRefused
from inference.models import DeployedModel


def activate(target, folder, by=None):
    return services.activate(target=target, artifact_dir=folder, by=by, reason="test")


@pytest.fixture
def copy(make_artifact, tmp_path) -> Path:
    """An artifact that a test may damage."""
    return Path(shutil.copytree(make_artifact("1"), tmp_path / "copy"))


def test_the_row_holds_what_pages_need(target, make_artifact, doctor):
    row = activate(target, make_artifact("1"), by=doctor)
    assert (row.version, row.architecture, row.threshold) == ("1", "covid-xr-c", 0.5)
    assert row.metrics["metrics"]["sensitivity"] == 0.9
    assert row.limits[0]["en"] == "For research only."
    assert row.activated_by == doctor


def test_the_files_are_kept_apart_from_their_source(target, copy, settings):
    row = activate(target, copy)
    shutil.rmtree(copy)
    kept = settings.ARTIFACTS_DIR / row.artifact
    assert {file.name for file in kept.iterdir()} == {"manifest.json", "head.safetensors"}
    assert list(settings.ARTIFACTS_DIR.iterdir()) == [kept]


def test_the_newest_row_is_live(target, make_artifact):
    activate(target, make_artifact("1"))
    newer = activate(target, make_artifact("2"))
    assert DeployedModel.objects.live(target) == newer
    assert list(DeployedModel.objects.live_models()) == [newer]


def test_a_rollback_is_a_new_row_on_the_old_files(target, make_artifact, settings):
    old = activate(target, make_artifact("1"))
    activate(target, make_artifact("2"))
    back = activate(target, settings.ARTIFACTS_DIR / old.artifact)
    assert back.pk != old.pk
    assert (back.artifact, back.sha256) == (old.artifact, old.sha256)
    assert DeployedModel.objects.live(target) == back


def test_kept_files_that_were_damaged_are_replaced(target, make_artifact, settings):
    row = activate(target, make_artifact("1"))
    weights = settings.ARTIFACTS_DIR / row.artifact / "head.safetensors"
    weights.write_bytes(b"damaged")
    activate(target, make_artifact("1"))
    assert weights.read_bytes() == (make_artifact("1") / "head.safetensors").read_bytes()


def spoil_weights(folder):
    path = folder / "head.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")


def lose_weights(folder):
    (folder / "head.safetensors").unlink()


def lose_manifest(folder):
    (folder / "manifest.json").unlink()


def another_format(folder):
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"format_version": 1', '"format_version": 99'))


def another_preprocessing(folder):
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace("xr-224-1", "xr-999-9"))


@pytest.mark.parametrize(
    "spoil",
    [spoil_weights, lose_weights, lose_manifest, another_format, another_preprocessing],
)
def test_a_spoilt_artifact_is_refused_and_leaves_nothing(target, copy, settings, spoil):
    spoil(copy)
    with pytest.raises(ArtifactRefused):
        activate(target, copy)
    assert not DeployedModel.objects.exists()
    assert not any(settings.ARTIFACTS_DIR.glob("*"))


@pytest.mark.parametrize(
    "changes",
    [
        {"target": "chest-three-classes"},
        {"classes": ("no-covid-19", "covid-19", "third")},
        {"classes": ("covid-19", "no-covid-19"), "positive": "no-covid-19"},
        {"version": "9" * 81},
    ],
)
def test_a_model_for_another_question_is_refused(target, make_artifact, changes):
    version = changes.pop("version", "1")
    with pytest.raises(ArtifactRefused):
        activate(target, make_artifact(version, **changes))


def test_three_classes_are_served_too(db, make_artifact):
    target = Target.objects.get(code="chest-three-classes")
    classes = ("normal", "covid-19", "viral-pneumonia")
    artifact = make_artifact("1", target=target.code, classes=classes)
    assert activate(target, artifact).target == target


class TestBaseline:
    @pytest.fixture(autouse=True)
    def shipped(self, settings, make_artifact):
        settings.BASELINE_DIR = make_artifact("1")

    def test_it_is_installed_once(self, target):
        assert services.install_baseline().version == "1"
        assert services.install_baseline() is None
        assert DeployedModel.objects.count() == 1

    def test_a_newer_baseline_replaces_an_older_one(self, target, settings, make_artifact):
        services.install_baseline()
        settings.BASELINE_DIR = make_artifact("2")
        assert services.install_baseline().version == "2"

    def test_a_persons_choice_stands(self, target, make_artifact, administrator):
        activate(target, make_artifact("2"), by=administrator)
        assert services.install_baseline() is None
