"""POST /api/v1/batches/{id}/bundle/ where a file, or all of them, are refused."""

import hashlib
import os

import pytest

from images import bundles, spool
from images.errors import StorageFull
from images.models import IncomingFile
from images.services import announcing, bundling
from images.services.leftovers import drop_leftovers
from tests.bundles import body_of, part, rows_of, send_body, send_bundle, spooled
from tests.images.zips import archive
from tests.sending import Sender, film

FILM = film(1)
A, B = ("ward/a.png", film(1)), ("ward/b.png", film(2))


@pytest.fixture
def sender(health_worker, bearer) -> Sender:
    return Sender(bearer(health_worker))


# --- what is refused ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("../a.png", FILM, "bad-name"), ("/etc/passwd", FILM, "bad-name"), ("", FILM, "bad-name"),
        ("C:\\a.png", FILM, "bad-name"), ("a" * 300, FILM, "bad-name"), ("a.png", b"", "empty"),
    ],
)  # fmt: skip
def test_bad_file_is_refused_alone(name, content, code, sender):
    rows = rows_of(send_bundle(sender, (name, content), B))

    assert (rows[0]["code"], rows[1]["state"]) == (code, "waiting")
    assert set(rows[0]) == {"code", "sentence"}
    assert list(spooled(sender).values()) == [B[1]]


def test_sentence_is_in_the_readers_language(sender):
    sentences = [
        rows_of(send_bundle(sender, ("", FILM), HTTP_ACCEPT_LANGUAGE=code))[0]["sentence"]
        for code in ("en", "es")
    ]

    assert "name of the file" in sentences[0]
    assert "nombre del archivo" in sentences[1]


def test_file_that_is_too_large_for_a_bundle_is_refused_alone(sender, monkeypatch):
    monkeypatch.setattr(bundling, "MAX_WHOLE_BYTES", len(B[1]))

    rows = rows_of(send_bundle(sender, ("large.png", bytes(len(B[1]) + 1)), B))

    assert (rows[0]["code"], rows[1]["state"]) == ("part-too-large", "waiting")


def test_file_that_is_too_large_for_a_film_is_refused_alone(sender, settings):
    settings.MAX_RADIOGRAPH_BYTES = len(B[1])

    rows = rows_of(send_bundle(sender, ("large.png", bytes(len(B[1]) + 1)), B))

    assert (rows[0]["code"], rows[1]["state"]) == ("too-large-file", "waiting")


def test_archive_may_be_larger_than_a_film(sender, settings):
    settings.MAX_RADIOGRAPH_BYTES = 10

    assert rows_of(send_bundle(sender, ("a.zip", archive(A))))[0]["state"] == "waiting"


def test_hash_that_is_right(sender):
    hashes = [hashlib.sha256(content).hexdigest() for _, content in (A, B)]

    rows = rows_of(send_bundle(sender, A, B, sha256=hashes))

    assert [row["state"] for row in rows] == ["waiting"] * 2


def test_file_that_arrived_damaged_is_refused_alone(sender):
    hashes = ["0" * 64, hashlib.sha256(B[1]).hexdigest()]

    rows = rows_of(send_bundle(sender, A, B, sha256=hashes))

    assert (rows[0]["code"], rows[1]["state"]) == ("arrived-damaged", "waiting")
    assert list(spooled(sender).values()) == [B[1]]


def test_room_that_is_used_up_refuses_what_does_not_fit(sender, site):
    site.person_quota_megabytes = 1
    site.save()

    rows = rows_of(send_bundle(sender, ("large.png", bytes(2**20 + 1)), B))

    assert (rows[0]["code"], rows[1]["state"]) == ("quota-person", "waiting")
    assert list(spooled(sender).values()) == [B[1]]


def test_full_batch_refuses_the_rest(sender, monkeypatch):
    monkeypatch.setattr(announcing, "MAX_FILES", 1)

    rows = rows_of(send_bundle(sender, A, B))

    assert (rows[0]["state"], rows[1]["code"]) == ("waiting", "batch-full")


# --- the whole request --------------------------------------------------------------------------
def test_cancelled_batch_takes_nothing(sender):
    sender.do("cancel")

    response = send_bundle(sender, A)

    assert (response.status_code, response.json()["code"]) == (409, "batch-closed")
    assert spooled(sender) == {}


def test_batch_that_is_cancelled_meanwhile_takes_nothing(sender, monkeypatch):
    stage = spool.stage

    def staged_then_cancelled(*args):
        keys = stage(*args)
        sender.do("cancel")
        return keys

    monkeypatch.setattr(spool, "stage", staged_then_cancelled)
    response = send_bundle(sender, A)

    assert (response.status_code, response.json()["code"]) == (409, "batch-closed")
    assert spooled(sender) == {}


def test_too_many_files(sender):
    files = [(f"{number}.png", b"x") for number in range(bundles.MAX_FILES + 1)]

    response = send_bundle(sender, *files)

    assert (response.status_code, response.json()["code"]) == (413, "bundle-too-large")
    assert not IncomingFile.objects.exists()


def test_as_many_files_as_allowed(sender):
    files = [(f"{number}.png", b"%d" % number) for number in range(bundles.MAX_FILES)]
    hashes = [hashlib.sha256(content).hexdigest() for _, content in files]

    assert len(rows_of(send_bundle(sender, *files, sha256=hashes))) == bundles.MAX_FILES


def test_too_many_other_parts(sender):
    fields = b"".join(part('name="note"', b"x") for _ in range(bundles.MAX_PARTS))

    response = send_body(sender, fields + body_of([A]))

    assert (response.status_code, response.json()["code"]) == (413, "bundle-too-large")


def test_too_much_together_says_to_send_it_in_parts(sender, monkeypatch):
    monkeypatch.setattr(bundles, "MAX_BUNDLE_BYTES", len(FILM))

    response = send_bundle(sender, A, headers={"accept-language": "en"})

    assert (response.status_code, response.json()["code"]) == (413, "bundle-too-large")
    assert "in parts" in response.json()["detail"]
    assert spooled(sender) == {}


def test_body_may_be_larger_than_django_keeps_in_memory(sender, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10

    assert send_bundle(sender, A).status_code == 200


def test_full_disk_keeps_nothing(sender, monkeypatch):
    written, write = [], os.write

    def full_at_the_second(descriptor, content):
        written.append(descriptor)
        if len(set(written)) == 2:
            raise OSError(28, "No space left on device")
        return write(descriptor, content)

    monkeypatch.setattr(spool.os, "write", full_at_the_second)
    response = send_bundle(sender, A, B)

    assert (response.status_code, response.json()["code"]) == (507, StorageFull.code)
    assert spooled(sender) == {}
    assert not IncomingFile.objects.exists()


def test_what_a_broken_database_leaves_is_removed_later(sender, monkeypatch):
    monkeypatch.setattr(bundling, "_enter", lambda *args: 1 / 0)
    sender.client.raise_request_exception = False

    assert send_bundle(sender, A).status_code == 500
    for path in spool.folder_of(sender.batch.pk).glob("*"):
        os.utime(path, (0, 0))

    assert drop_leftovers() == 1
    assert spooled(sender) == {}


def test_nothing_sent(sender):
    response = send_bundle(sender)

    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert "file" in response.json()["errors"]


def test_hashes_must_be_as_many_as_files(sender):
    response = send_bundle(sender, A, B, sha256=["0" * 64])

    assert response.status_code == 400
    assert "sha256" in response.json()["errors"]


@pytest.mark.parametrize("signs_in", ["bearer", "sign_in"])
@pytest.mark.parametrize("body", [body_of([A])[:-6], b"nothing of the kind", b"--"])
def test_malformed_body(body, signs_in, health_worker, request):
    sender = Sender(request.getfixturevalue(signs_in)(health_worker))

    response = send_body(sender, body)

    assert (response.status_code, response.json()["code"]) == (400, "unreadable-request")
    assert not IncomingFile.objects.exists()


@pytest.mark.parametrize("signs_in", ["bearer", "sign_in"])
def test_missing_boundary(signs_in, health_worker, request):
    sender = Sender(request.getfixturevalue(signs_in)(health_worker))

    response = send_body(sender, body_of([A]), "multipart/form-data")

    assert (response.status_code, response.json()["code"]) == (400, "unreadable-request")


def test_other_content_type(sender):
    response = send_body(sender, b"{}", "application/json")

    assert (response.status_code, response.json()["code"]) == (415, "unsupported-media-type")


def test_length_must_be_said(sender):
    response = send_bundle(sender, A, HTTP_TRANSFER_ENCODING="chunked")

    assert (response.status_code, response.json()["code"]) == (411, "length-required")


def test_session_needs_the_csrf_token(health_worker, sign_in):
    sender = Sender(sign_in(health_worker))
    client = sender.client.__class__(enforce_csrf_checks=True)
    client.cookies = sender.client.cookies
    sender.client = client

    response = send_bundle(sender, A)

    assert (response.status_code, response.json()["code"]) == (403, "csrf-failed")


def test_session_with_the_csrf_token(health_worker, sign_in):
    sender = Sender(sign_in(health_worker))
    client = sender.client.__class__(enforce_csrf_checks=True)
    client.cookies = sender.client.cookies
    client.cookies["csrftoken"] = "a" * 32
    sender.client = client

    rows = rows_of(send_bundle(sender, A, HTTP_X_CSRFTOKEN="a" * 32))

    assert rows[0]["state"] == "waiting"


def test_bundles_count_among_the_calls_of_batches(sender, settings):
    settings.INTAKE_REQUESTS_PER_MINUTE = 1

    assert send_bundle(sender, A).status_code == 429
