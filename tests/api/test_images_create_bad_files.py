"""POST /api/v1/images/ with files that must not come in: a code, a sentence, and no trace."""

import errno
import tempfile

import pytest

from images import storage
from images.models import Patient, Radiograph
from tests import factories
from tests.images.malformed import BAD_FILES

WHOLE = factories.chest_png(1)


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """An own folder for temporary files; it must be empty in the end."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def nothing_is_left(stored_files) -> bool:
    return not (Radiograph.objects.exists() or Patient.objects.exists() or stored_files())


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_file(name, upload, health_worker, bearer, stored_files):
    code, build = BAD_FILES[name]

    response = upload(bearer(health_worker), content=build())

    assert (response.status_code, response.json()["code"]) == (400, code)
    assert len(response.json()["detail"]) > 15
    assert nothing_is_left(stored_files)


def body(name: str, content: bytes = WHOLE) -> bytes:
    """A multipart body as no browser would write it: Django's test client mends bad names."""
    return b"\r\n".join(
        [
            b'--x\r\nContent-Disposition: form-data; name="patient_code"\r\n\r\nP-1',
            f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"'.encode(),
            b"Content-Type: image/png\r\n",
            content,
            b"--x--\r\n",
        ]
    )


@pytest.mark.parametrize("name", ["x" * 300 + ".png", "../../etc/passwd.png", "..\\..\\a.png"])
def test_bad_name(name, health_worker, bearer, stored_files):
    response = bearer(health_worker).post(
        "/api/v1/images/", body(name), content_type="multipart/form-data; boundary=x"
    )

    assert (response.status_code, response.json()["code"]) == (400, "bad-name")
    assert nothing_is_left(stored_files)


@pytest.mark.parametrize("times", [1, 9])
def test_too_large(times, upload, health_worker, bearer, stored_files, settings):
    settings.MAX_RADIOGRAPH_BYTES = len(WHOLE) - 1

    response = upload(bearer(health_worker), content=WHOLE * times)

    assert (response.status_code, response.json()["code"]) == (413, "too-large-file")
    assert nothing_is_left(stored_files)


def test_too_large_on_its_way_through_a_temporary_file(
    upload, health_worker, bearer, stored_files, settings
):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    settings.MAX_RADIOGRAPH_BYTES = 100_000

    response = upload(bearer(health_worker), content=bytes(300_000))

    assert (response.status_code, response.json()["code"]) == (413, "too-large-file")
    assert nothing_is_left(stored_files)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk(number, upload, health_worker, bearer, stored_files, monkeypatch):
    def no_room(descriptor: int) -> None:
        raise OSError(number, "no room")

    monkeypatch.setattr(storage.os, "fsync", no_room)

    response = upload(bearer(health_worker))

    assert (response.status_code, response.json()["code"]) == (507, "storage-full")
    assert nothing_is_left(stored_files)


def test_large_file_leaves_no_temporary_one(upload, health_worker, bearer, settings):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0

    assert upload(bearer(health_worker)).status_code == 201


@pytest.mark.parametrize(
    "raw", [b"", b"--x", b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x--\r\n"]
)
def test_broken_multipart(raw, health_worker, bearer):
    response = bearer(health_worker).post(
        "/api/v1/images/", raw, content_type="multipart/form-data; boundary=x"
    )

    assert (response.status_code, response.json()["code"]) == (400, "invalid")


def test_multipart_without_a_boundary(health_worker, bearer):
    response = bearer(health_worker).post(
        "/api/v1/images/", b"abc", content_type="multipart/form-data"
    )

    assert (response.status_code, response.json()["code"]) == (400, "unreadable-request")


def test_too_much_text_beside_the_file(upload, health_worker, bearer, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

    response = upload(bearer(health_worker), patient_code="P" * 200)

    assert (response.status_code, response.json()["code"]) == (413, "too-large")
