"""Export, import and keys, by everybody; what people read when something is wrong."""

import io
import shutil

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from core.jobs import JobStatus
from inference.artifact_store import kept_folder
from retraining import services
from retraining.models import ModelImport, TrustedKey
from retraining.transfer import refusals, uploading
from retraining.transfer.signing import fingerprint, own_public_key
from retraining.transfer.words import line_of
from tests.images.conftest import SIGN_IN, WAITING, answer_of
from tests.retraining.transfer import packages
from tests.retraining.versions import make_version

pytestmark = pytest.mark.django_db
PEOPLE = (
    "anonymous", "pending", "health_worker", "doctor", "researcher", "site_administrator",
    "stranger", "administrator",
)  # fmt: skip
REFUSED = (SIGN_IN, WAITING, 403, 403, 403, 403, 403)
IMPORT, KEYS = "/retraining/import/", "/retraining/keys/"


@pytest.fixture(autouse=True)
def own_data(settings, tmp_path, monkeypatch):
    settings.DATA_DIR = tmp_path / "data"
    monkeypatch.setattr("retraining.services.transfer.ring", lambda task: True)


@pytest.fixture
def places(covid):
    version = make_version(covid)
    offered = ModelImport.objects.create(upload="x.zip")
    key = TrustedKey.objects.create(name="Hospital X", public_key=packages.STRANGER_PUBLIC)
    arguments = {
        "export": [version.pk], "import_model": [], "import_state": [offered.pk], "keys": [],
        "key_delete": [key.pk],
    }  # fmt: skip
    return {name: reverse(f"retraining:{name}", args=found) for name, found in arguments.items()}


def cells(names, allowed):
    return [
        pytest.param(name, who, expected, id=f"{name}-{who}")
        for name in names
        for who, expected in zip(PEOPLE, (*REFUSED, allowed), strict=True)
    ]


@pytest.mark.parametrize(
    ("name", "who", "expected"), cells(("export", "import_model", "import_state", "keys"), 200)
)
def test_page(actor, places, name, who, expected):
    assert answer_of(actor(who).get(places[name])) == expected


@pytest.mark.parametrize(("name", "who", "expected"), cells(("key_delete",), 302))
def test_delete(actor, places, name, who, expected):
    assert answer_of(actor(who).post(places[name])) == expected
    assert TrustedKey.objects.exists() == (who != "administrator")


@pytest.mark.parametrize(("name", "who", "expected"), cells(("import_model",), 302))
def test_import(actor, places, name, who, expected):
    assert answer_of(actor(who).post(places[name], {"file": io.BytesIO(b"PK")})) == expected
    assert ModelImport.objects.count() == (2 if who == "administrator" else 1)


@pytest.mark.parametrize(("name", "who", "expected"), cells(("keys",), 302))
def test_trust(actor, places, name, who, expected):
    sent = {"name": "Y", "public_key": "cd" * 32}
    assert answer_of(actor(who).post(places[name], sent)) == expected
    assert TrustedKey.objects.count() == (2 if who == "administrator" else 1)


@pytest.mark.parametrize("name", ["export", "import_state"])
def test_pages_are_not_written_to(actor, places, name):
    assert actor("administrator").post(places[name]).status_code == 405


def test_a_key_is_not_removed_by_looking(actor, places):
    assert actor("administrator").get(places["key_delete"]).status_code == 405


def test_what_is_not_there(actor, places):
    absent = "00000000-0000-4000-8000-000000000000"
    for name in ("export", "import_state"):
        found = actor("administrator").get(reverse(f"retraining:{name}", args=[absent]))
        assert found.status_code == 404


def test_the_package_is_a_download(actor, places):
    answer = actor("administrator").get(places["export"])
    content = b"".join(answer.streaming_content)
    assert answer["Content-Type"] == "application/zip"
    assert 'filename="covid-19-1-' in answer["Content-Disposition"]
    assert "signature.json" in packages.contents(content)


def test_a_lost_artifact_is_a_sentence(actor, covid):
    version = make_version(covid)
    address = reverse("retraining:export", args=[version.pk])
    shutil.rmtree(kept_folder(version.artifact))
    answer = actor("administrator").get(address, headers={"accept-language": "en"})
    assert (answer.status_code, answer.url) == (
        302, reverse("retraining:version", args=[version.pk]),
    )  # fmt: skip


def test_from_the_page_to_the_registry(actor, covid, administrator, monkeypatch):
    version = make_version(covid)
    with services.export_version(version=version, by=administrator).content as stream:
        content = stream.read()
    packages.forget(version)
    client = actor("administrator")
    client.post(IMPORT, {"file": SimpleUploadedFile("model.zip", content)})
    services.work_on_import()
    page = client.get(IMPORT).content.decode()
    taken = ModelImport.objects.get().version
    assert taken.version in page
    assert reverse("retraining:version", args=[taken.pk]) in page


def test_the_box_is_what_accepts_unknown_keys(actor, db):
    client = actor("administrator")
    for sent, expected in (({}, False), ({"accepts_unknown": "on"}, True)):
        client.post(IMPORT, {"file": io.BytesIO(b"PK"), **sent})
        newest = ModelImport.objects.order_by("-created_at").first()
        assert newest.accepts_unknown is expected


def test_without_a_file_the_page_says_so(actor, db):
    answer = actor("administrator").post(IMPORT, {})
    assert answer.status_code == 400
    assert not ModelImport.objects.exists()


def test_a_package_may_be_larger_than_a_radiograph(actor, settings):
    settings.MAX_RADIOGRAPH_BYTES = 1000
    answer = actor("administrator").post(IMPORT, {"file": io.BytesIO(bytes(5000))})
    assert answer.status_code == 302
    assert packages.offered_files()[0].stat().st_size == 5000


def test_a_file_above_the_limit_is_cut_off(actor, monkeypatch):
    monkeypatch.setattr(uploading, "MAX_PACKAGE_BYTES", 1000)
    answer = actor("administrator").post(
        IMPORT, {"file": io.BytesIO(bytes(2000))}, headers={"accept-language": "en"}
    )
    assert answer.status_code == 400
    assert "was not read" in answer.content.decode() or "No se ley" in answer.content.decode()
    assert packages.offered_files() == []


def test_a_forged_form_is_refused(sign_in, administrator):
    client = Client(enforce_csrf_checks=True)
    client.force_login(administrator, backend="allauth.account.auth_backends.AuthenticationBackend")
    for address in (IMPORT, KEYS):
        assert client.post(address, {"file": io.BytesIO(b"PK")}).status_code == 403
    assert not ModelImport.objects.exists()


def test_who_may_not_send_has_nothing_read(actor, doctor, monkeypatch):
    """The body of a stranger is not even spooled to the disk."""
    read = []
    monkeypatch.setattr(
        uploading.PackageUploadHandler, "receive_data_chunk", lambda *a: read.append(a)
    )
    assert actor("doctor").post(IMPORT, {"file": io.BytesIO(bytes(5000))}).status_code == 403
    assert read == []


@pytest.mark.parametrize("status", [JobStatus.QUEUED, JobStatus.RUNNING])
def test_the_piece_asks_again_while_the_file_is_looked_at(actor, status):
    offered = ModelImport.objects.create(upload="x", status=status)
    answer = actor("administrator").get(reverse("retraining:import_state", args=[offered.pk]))
    assert answer.status_code == 200
    assert "hx-get" in answer.content.decode()


@pytest.mark.parametrize("code", [*refusals.SENTENCES, "storage", "worker-died"])
def test_every_refusal_has_its_sentence_and_ends_the_asking(actor, code):
    offered = ModelImport.objects.create(upload="x", status=JobStatus.FAILED, error_code=code)
    answer = actor("administrator").get(reverse("retraining:import_state", args=[offered.pk]))
    page = answer.content.decode()
    assert answer.status_code == 286
    assert "hx-get" not in page
    sentence = escape(str(line_of(offered).sentence))
    assert len(sentence) > 20
    assert sentence in page


def test_the_keys_page_shows_ours_and_theirs(actor, places):
    page = actor("administrator").get(KEYS).content.decode()
    for key in (own_public_key(), packages.STRANGER_PUBLIC):
        assert fingerprint(key) in page
    assert own_public_key() in page


@pytest.mark.parametrize("key", ["", "12", "zz" * 32, "cd" * 33])
def test_what_is_no_key_is_refused(actor, db, key):
    answer = actor("administrator").post(KEYS, {"name": "Y", "public_key": key})
    assert answer.status_code == 400
    assert not TrustedKey.objects.exists()


def test_a_key_may_be_typed_in_groups_and_capitals(actor, db):
    typed = "CDcd " * 16
    actor("administrator").post(KEYS, {"name": "Y", "public_key": typed})
    assert TrustedKey.objects.get().public_key == "cd" * 32


@pytest.mark.parametrize("which", ["again", "own"])
def test_a_key_that_is_known_is_refused_with_a_sentence(actor, places, which):
    key = packages.STRANGER_PUBLIC if which == "again" else own_public_key()
    answer = actor("administrator").post(KEYS, {"name": "Y", "public_key": key})
    assert answer.status_code == 400
    assert TrustedKey.objects.count() == 1
