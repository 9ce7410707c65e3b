"""Whatever is wrong with a package, it is refused with a code, and nothing of it stays."""

import hashlib
import io
import json
import zipfile

import pytest

from core.jobs import JobStatus
from images.models import TargetClass
from inference.artifact_store import kept_folder
from retraining import services
from retraining.models import ModelImport, ModelVersion
from retraining.services import import_work
from retraining.transfer import package, refusals
from tests.retraining.transfer import packages
from tests.retraining.transfer.offers import assert_nothing_stays, take_in
from tests.retraining.versions import serve

pytestmark = pytest.mark.django_db


def test_a_signature_of_an_unknown_key_is_refused(foreign, administrator):
    offered = take_in(foreign, administrator)
    assert (offered.status, offered.error_code) == (JobStatus.FAILED, refusals.UNKNOWN_KEY)
    assert offered.facts["fingerprint"]
    assert_nothing_stays()


def test_unless_the_person_answers_for_it(foreign, administrator):
    offered = take_in(foreign, administrator, accepts_unknown=True)
    assert offered.status == JobStatus.DONE
    assert not offered.facts["is_trusted"]


def test_a_key_that_is_trusted_no_more(foreign, trusted, administrator):
    services.distrust_key(key=trusted, by=administrator)
    assert take_in(foreign, administrator).error_code == refusals.UNKNOWN_KEY


@pytest.mark.parametrize("name", ["head.safetensors", "manifest.json", "evaluation.json"])
def test_a_changed_part_is_refused(foreign, trusted, administrator, name):
    files = packages.contents(foreign)
    files[name] = files[name][:-2] + b"\n\n"
    offered = take_in(packages.zipped(files), administrator)
    assert offered.error_code == refusals.DAMAGED
    assert_nothing_stays()


def test_changed_checksums_break_the_signature(foreign, trusted, administrator):
    files = packages.contents(foreign)
    files[package.SUMS] = files[package.SUMS].replace(b"a", b"b", 1)
    offered = take_in(packages.zipped(files), administrator)
    assert offered.error_code == refusals.BAD_SIGNATURE
    assert_nothing_stays()


def test_accepting_unknown_keys_accepts_no_broken_signature(foreign, administrator):
    files = packages.contents(foreign)
    signature = json.loads(files[package.SIGNATURE])
    signature["signature"] = "00" * 64
    files[package.SIGNATURE] = json.dumps(signature).encode()
    offered = take_in(packages.zipped(files), administrator, accepts_unknown=True)
    assert offered.error_code == refusals.BAD_SIGNATURE


def test_an_unsigned_package_is_refused(foreign, trusted, administrator):
    files = packages.contents(foreign)
    del files[package.SIGNATURE]
    offered = take_in(packages.zipped(files), administrator, accepts_unknown=True)
    assert offered.error_code == refusals.UNSIGNED


@pytest.mark.parametrize("name", ["manifest.json", "head.safetensors", "model.json", "SHA256SUMS"])
def test_a_missing_part_is_refused(foreign, trusted, administrator, name):
    files = packages.contents(foreign)
    del files[name]
    assert take_in(packages.zipped(files), administrator).error_code == refusals.INCOMPLETE
    assert_nothing_stays()


@pytest.mark.parametrize(
    "name", ["weights.pkl", "../manifest.json", "/etc/passwd", "a/manifest.json", "run.py"]
)
def test_anything_else_inside_is_refused(foreign, trusted, administrator, tmp_path, name):
    files = packages.contents(foreign) | {name: b"\x80\x04cposix\nsystem\n."}
    offered = take_in(packages.signed_again(files), administrator)
    assert offered.error_code == refusals.UNKNOWN_FILE
    assert_nothing_stays()


def test_a_pickle_in_place_of_the_weights_is_refused(foreign, trusted, administrator):
    """Well signed, its hashes in order: what is left is that it is no safetensors file."""
    files = packages.contents(foreign)
    files["head.safetensors"] = b"\x80\x04cposix\nsystem\n(S'touch pwned'\ntR."
    manifest = json.loads(files["manifest.json"])
    manifest["weights_sha256"] = hashlib.sha256(files["head.safetensors"]).hexdigest()
    files["manifest.json"] = json.dumps(manifest).encode()
    offered = take_in(packages.signed_again(files), administrator)
    assert offered.error_code == refusals.NOT_LOADABLE
    assert_nothing_stays()


def test_a_bomb_is_not_unpacked(foreign, trusted, administrator):
    files = packages.contents(foreign) | {"card.json": bytes(200 * 1024 * 1024)}
    offered = take_in(packages.zipped(files), administrator)
    assert offered.error_code == refusals.TOO_LARGE
    assert_nothing_stays()


def test_a_part_above_its_own_limit_is_refused(foreign, trusted, administrator):
    files = packages.contents(foreign) | {"model.json": b" " * (2 * 1024 * 1024)}
    assert take_in(packages.zipped(files), administrator).error_code == refusals.TOO_LARGE


def test_thousands_of_entries_are_refused(administrator):
    content = packages.zipped({f"{number}": b"x" for number in range(6000)})
    assert take_in(content, administrator).error_code == refusals.TOO_LARGE


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"text", bytes(1000)])
def test_what_is_no_archive_is_refused(administrator, content):
    assert take_in(content, administrator).error_code == refusals.NOT_A_PACKAGE
    assert_nothing_stays()


def test_a_name_that_comes_twice_is_refused(foreign, trusted, administrator):
    out = io.BytesIO(foreign)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(out, "a") as archive:
        archive.writestr("manifest.json", b"{}")
    assert take_in(out.getvalue(), administrator).error_code == refusals.UNKNOWN_FILE


def test_a_question_that_is_not_asked_here(foreign, trusted, administrator, covid):
    covid.is_active = False
    covid.save()
    assert take_in(foreign, administrator).error_code == refusals.NO_TARGET
    assert_nothing_stays()


def test_other_answers_than_the_target_has_here(foreign, trusted, administrator, covid):
    TargetClass.objects.create(
        target=covid, code="pneumonia", name_es="Neumonía", name_en="Pneumonia", position=9
    )
    assert take_in(foreign, administrator).error_code == refusals.OTHER_CLASSES
    assert_nothing_stays()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("evaluation.json", b'{"schema": 2}'), ("evaluation.json", b"[]"),
        ("evaluation.json", b'{"figures": NaN}'), ("model.json", b"{}"),
        ("model.json", b'{"format": 1, "environment": {"a": {"b": {"c": {"d": 1}}}}}'),
    ],
)  # fmt: skip
def test_facts_of_another_shape_are_refused(foreign, trusted, administrator, name, content):
    files = packages.contents(foreign) | {name: content}
    offered = take_in(packages.signed_again(files), administrator)
    assert offered.error_code == refusals.BAD_FACTS
    assert_nothing_stays()


def test_an_architecture_that_is_not_known_here_is_named_by_its_head(
    foreign, trusted, administrator
):
    files = packages.contents(foreign)
    model = json.loads(files["model.json"]) | {"architecture": "<script>"}
    files["model.json"] = json.dumps(model).encode()
    taken = take_in(packages.signed_again(files), administrator).version
    assert taken.architecture == "logistic"


def test_a_full_disk_is_tried_again_and_leaves_nothing(
    foreign, trusted, administrator, monkeypatch
):
    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(import_work, "keep", full)
    offered = take_in(foreign, administrator)
    assert (offered.status, offered.error_code) == (JobStatus.QUEUED, "storage")
    assert not ModelVersion.objects.exists()
    assert list(kept_folder("").iterdir()) == []
    assert [path.name for path in packages.offered_files()] == [offered.upload]


def test_a_lost_lease_writes_nothing(foreign, trusted, administrator, monkeypatch):
    offered = services.request_import(upload=io.BytesIO(foreign), by=administrator)
    real = import_work._loaded

    def cancelled_meanwhile(folder):
        ModelImport.objects.filter(pk=offered.pk).cancel()
        return real(folder)

    monkeypatch.setattr(import_work, "_loaded", cancelled_meanwhile)
    services.work_on_import()
    assert not ModelVersion.objects.exists()
    assert list(kept_folder("").iterdir()) == []


def test_files_that_are_in_service_stay_when_the_row_fails(
    exported, version, administrator, monkeypatch
):
    """An artifact that serves is shared by name: a failed import must not take it away."""
    live = serve(version)
    version.delete()

    def broken(*arguments):
        raise RuntimeError

    monkeypatch.setattr(import_work, "_row", broken)
    take_in(exported, administrator)
    assert (kept_folder(live.artifact) / "head.safetensors").is_file()
