"""A model goes out signed and comes in verified, bit by bit; it serves nobody by that."""

import io
import json
import os
import time

import pytest
import torch
from django.core.exceptions import PermissionDenied

from accounts.models import AuditEntry
from core.jobs import JobStatus
from images.errors import StorageFull
from inference.artifact_store import identity_of, keep, kept_folder
from inference.ml.artifact import load, save
from inference.ml.backbones import build_backbone
from inference.ml.errors import ArtifactRefused
from inference.ml.extractor import EXTRACTORS
from inference.ml.heads import build_head
from inference.models import DeployedModel
from retraining import services
from retraining.models import ModelImport, ModelVersion, TrustedKey
from retraining.promotion import gate
from retraining.services import import_work
from retraining.snapshots.planning import rules_of
from tests.engines import manifest_of
from tests.retraining.registry import evaluation_of
from tests.retraining.transfer import packages
from tests.retraining.transfer.offers import export, take_in

pytestmark = pytest.mark.django_db


def test_what_goes_out_comes_in_bit_by_bit(foreign, trusted, administrator, covid):
    before = packages.contents(foreign)
    offered = take_in(foreign, administrator)
    assert (offered.status, offered.error_code) == (JobStatus.DONE, "")
    taken = ModelVersion.objects.get()
    assert offered.version == taken
    folder = kept_folder(taken.artifact)
    for name in ("manifest.json", "head.safetensors"):
        assert (folder / name).read_bytes() == before[name]


def test_the_row_says_where_it_comes_from(foreign, trusted, administrator, covid):
    taken = take_in(foreign, administrator).version
    assert (taken.origin, taken.target, taken.number) == ("imported", covid, 1)
    assert taken.version == f"covid-19-1@{taken.sha256[:8]}"
    assert (taken.run, taken.snapshot, taken.made_by) == (None, None, administrator)
    assert (taken.architecture, taken.extractor) == ("logistic", "vgg16-block5")
    assert taken.environment == {"libraries": {"torch": "2"}, "code": "0.1"}


def test_the_import_says_who_signed(foreign, trusted, administrator):
    facts = take_in(foreign, administrator).facts
    assert facts["signed_by"] == "Hospital X"
    assert facts["is_trusted"]
    assert not facts["is_own"]


def test_its_figures_come_along_and_what_is_of_that_place_stays_there(
    foreign, trusted, administrator, covid
):
    taken, was = take_in(foreign, administrator).version, evaluation_of(covid)
    for part in ("figures", "roc", "pr", "cuts", "confusion", "calibration", "n", "threshold"):
        assert taken.evaluation[part] == was[part], part
    assert taken.figures == was["figures"]
    assert taken.evaluation["comparison"] is None
    assert taken.evaluation["groups"] == {}
    assert "milagro" not in json.dumps(taken.evaluation)


def test_it_serves_nobody_and_the_gate_is_closed(foreign, trusted, administrator, covid):
    taken = take_in(foreign, administrator).version
    assert DeployedModel.objects.live(covid) is None
    results = {r.rule: r.is_met for r in gate.judge(taken, rules_of(covid), None)}
    assert not results[gate.EVALUATED]


def test_own_models_come_back_after_a_loss(exported, version, administrator):
    packages.forget(version)
    offered = take_in(exported, administrator)
    assert offered.status == JobStatus.DONE
    assert offered.facts["is_own"]


def test_the_same_model_twice_is_one_version(foreign, trusted, administrator):
    first = take_in(foreign, administrator).version
    second = take_in(foreign, administrator)
    assert (second.status, second.version) == (JobStatus.DONE, first)
    assert second.facts["was_here"]
    assert ModelVersion.objects.count() == 1


def test_a_model_trained_here_is_known_again(exported, version, administrator):
    assert take_in(exported, administrator).version == version


def test_its_name_leaves_room_for_versions_trained_here(foreign, trusted, administrator, covid):
    taken = take_in(foreign, administrator).version
    names = {"version": "covid-19-1", "number": 2, "target": covid}
    assert ModelVersion.objects.create(**names).version != taken.version


def test_a_whole_network_travels_with_its_weights(covid, administrator, trusted, monkeypatch):
    version = make_network(covid)
    packages.as_stranger(monkeypatch)
    content = export(version, administrator)
    packages.forget(version)
    taken = take_in(content, administrator).version
    assert (taken.extractor, taken.architecture) == ("cnn-64", "cnn-64")
    assert load(kept_folder(taken.artifact)).backbone is not None


def make_network(target) -> ModelVersion:
    torch.manual_seed(1)
    spec = EXTRACTORS["cnn-64"]
    manifest = manifest_of(
        "covid-19-1", architecture="logistic", extractor=spec.code, extractor_weights_sha256="",
        preprocessing_version=spec.preprocessing_version,
    )  # fmt: skip
    part = kept_folder(".network.part")
    backbone = build_backbone(spec.code).state_dict()
    stored = save(part, manifest, build_head("logistic", spec.dimensions, 2), backbone)
    sha256 = identity_of(part)
    return ModelVersion.objects.create(
        target=target, number=1, version="covid-19-1", architecture="cnn-64", extractor="cnn-64",
        artifact=keep(part, target=target.code, version="covid-19-1"), sha256=sha256,
        weights_sha256=stored.weights_sha256,
    )  # fmt: skip


def test_a_changed_artifact_is_not_signed(version, administrator):
    path = kept_folder(version.artifact) / "head.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArtifactRefused, match="not the one"):
        services.export_version(version=version, by=administrator)


@pytest.mark.parametrize("name", ["manifest.json", "head.safetensors"])
def test_a_lost_artifact_is_not_exported(version, administrator, name):
    (kept_folder(version.artifact) / name).unlink()
    with pytest.raises(ArtifactRefused):
        services.export_version(version=version, by=administrator)


def test_a_package_holds_known_files_and_nothing_of_a_patient(exported):
    files = packages.contents(exported)
    assert set(files) == {
        "manifest.json", "head.safetensors", "model.json", "evaluation.json", "card.json",
        "SHA256SUMS", "signature.json",
    }  # fmt: skip


def test_the_same_version_is_the_same_package(version, administrator, monkeypatch):
    monkeypatch.setattr("retraining.services.transfer._card", lambda version: {})
    assert export(version, administrator) == export(version, administrator)


def test_both_ways_are_recorded(version, administrator, monkeypatch, trusted):
    packages.as_stranger(monkeypatch)
    content = export(version, administrator)
    packages.forget(version)
    take_in(content, administrator)
    noted = AuditEntry.objects.filter(actor=administrator).values_list("deed", "subject")
    assert {
        ("exported", "model-version"), ("entered", "model-import"), ("entered", "model-version"),
        ("entered", "trusted-key"),
    } <= set(noted)  # fmt: skip


@pytest.mark.parametrize("who", ["doctor", "site_administrator"])
def test_others_may_do_none_of_it(request, version, who, trusted):
    by = request.getfixturevalue(who)
    for deed in (
        lambda: services.export_version(version=version, by=by),
        lambda: services.request_import(upload=io.BytesIO(b""), by=by),
        lambda: services.trust_key(name="x", public_key="ab" * 32, by=by),
        lambda: services.distrust_key(key=trusted, by=by),
    ):
        with pytest.raises(PermissionDenied):
            deed()


def test_a_key_is_trusted_once(trusted, administrator):
    for name, key in (("Hospital X", "ab" * 32), ("Y", packages.STRANGER_PUBLIC)):
        with pytest.raises(services.KeyKnown):
            services.trust_key(name=name, public_key=key, by=administrator)
    assert TrustedKey.objects.count() == 1


def test_the_bell_rings_when_the_row_is_there(
    administrator, rung, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        services.request_import(upload=io.BytesIO(b"x"), by=administrator)
    assert rung == ["import_waiting"]


def test_a_lost_bell_is_rung_again(administrator, rung):
    assert not services.resume_imports()
    services.request_import(upload=io.BytesIO(b"x"), by=administrator)
    assert services.resume_imports()
    assert rung == ["import_waiting"]


def test_no_room_for_the_file_is_said(administrator, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("retraining.services.transfer.shutil.copyfileobj", full)
    with pytest.raises(StorageFull):
        services.request_import(upload=io.BytesIO(b"x"), by=administrator)
    assert not ModelImport.objects.exists()
    assert packages.offered_files() == []


def test_what_nobody_waits_for_is_thrown_away_after_a_day(administrator):
    waits = services.request_import(upload=io.BytesIO(b"x"), by=administrator)
    left = import_work.intake(".half.part")
    left.mkdir()
    assert services.throw_away_offered_files() == 0
    old = time.time() - 2 * 86400
    for path in packages.offered_files():
        os.utime(path, (old, old))
    assert services.throw_away_offered_files() == 1
    assert [path.name for path in packages.offered_files()] == [waits.upload]
