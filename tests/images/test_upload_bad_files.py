"""Files that are no radiograph: a sentence, 4xx, and nothing left behind."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from images.decoding import SENTENCES
from tests import factories
from tests.images.conftest import upload_of
from tests.images.malformed import BAD_FILES

UPLOAD = "/images/upload/"


@pytest.mark.parametrize("name", BAD_FILES)
def test_is_refused_without_a_trace(actor, nothing_kept, name):
    code, build = BAD_FILES[name]
    response = actor("doctor").post(UPLOAD, upload_of(build()), headers={"accept-language": "en"})
    assert response.status_code == 400
    [shown] = response.context["form"].errors["file"]
    assert shown.startswith(str(SENTENCES[code]).partition("{")[0])
    nothing_kept()


@pytest.mark.parametrize("language", ["es", "en"])
def test_is_refused_in_the_language_of_the_reader(actor, language):
    response = actor("doctor").post(
        UPLOAD, upload_of(b"text"), headers={"accept-language": language}
    )
    assert f'<html lang="{language}"' in response.content.decode()


def sent_as(client: Client, name: str, content: bytes | None = None):
    """Send a file under a name that Django's own test client would have cleaned."""
    content = factories.chest_png(7) if content is None else content
    boundary = "between"
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: image/png\r\n\r\n"
    ).encode() + content
    body += (
        f'\r\n--{boundary}\r\nContent-Disposition: form-data; name="patient_code"\r\n\r\n'
        f"P-0007\r\n--{boundary}--\r\n"
    ).encode()
    return client.post(UPLOAD, body, content_type=f"multipart/form-data; boundary={boundary}")


@pytest.mark.parametrize(
    "name",
    [
        "../chest.png",
        "../../etc/passwd",
        "a/../../b.png",
        "..\\\\chest.png",
        "&#46;./chest.png",
        "..",
    ],
)
def test_names_that_climb_are_refused(actor, nothing_kept, name):
    response = sent_as(actor("doctor"), name)
    assert response.status_code == 400
    assert response.context["form"]["patient_code"].value() == "P-0007"
    nothing_kept()


@pytest.mark.parametrize("length", [300, 900, 5000])
def test_long_names_are_refused(actor, nothing_kept, length):
    assert sent_as(actor("doctor"), "x" * length + ".png").status_code == 400
    nothing_kept()


@pytest.mark.parametrize("name", ["chest.png", "radiografía de tórax (1).png", "a..b.png", "noext"])
def test_ordinary_names_are_fine(actor, name):
    assert sent_as(actor("doctor"), name).status_code == 302


def test_the_extension_does_not_decide(actor):
    assert sent_as(actor("doctor"), "chest.dcm").status_code == 302


def test_two_files_are_one_too_many_for_one_form(actor, spool, settings):
    """The last one counts, as with any field sent twice; the other leaves no temporary file."""
    films = [SimpleUploadedFile("a.png", factories.chest_png(n)) for n in (1, 2)]
    actor("doctor").post(UPLOAD, {"patient_code": "P-1", "file": films})
    assert list(spool.iterdir()) == []
