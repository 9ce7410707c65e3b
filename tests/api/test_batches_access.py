"""Who gets which answer at the addresses of batches."""

import json
import uuid

import pytest

from images.models import IncomingFile
from tests.bundles import CONTENT_TYPE, body_of
from tests.sending import Sender, film, offered

CAST = [
    "anonymous", "pending", "stranger", "health_worker", "doctor", "researcher",
    "site_administrator", "administrator",
]  # fmt: skip

# The batch is the health worker's; administrators look at it and change nothing.
#                          anon pend stra heal doct rese site admi
TABLE = {
    "POST batches/":        (401, 403, 201, 201, 201, 403, 201, 400),
    "GET batch":            (401, 403, 404, 200, 404, 403, 200, 200),
    "DELETE batch":         (401, 403, 404, 204, 404, 403, 403, 403),
    "POST batch/retry/":    (401, 403, 404, 200, 404, 403, 403, 403),
    "POST batch/cancel/":   (401, 403, 404, 200, 404, 403, 403, 403),
    "GET batch/files/":     (401, 403, 404, 200, 404, 403, 200, 200),
    "POST batch/files/":    (401, 403, 404, 200, 404, 403, 403, 403),
    "POST batch/bundle/":   (401, 403, 404, 200, 404, 403, 403, 403),
    "GET batch/bundle/":    (401, 403, 405, 405, 405, 405, 405, 405),
    "GET file":             (401, 403, 404, 200, 404, 403, 200, 200),
    "PUT file/content/":    (401, 403, 404, 200, 404, 403, 403, 403),
    "POST file/retry/":     (401, 403, 404, 200, 404, 403, 403, 403),
    "POST file/cancel/":    (401, 403, 404, 200, 404, 403, 403, 403),
    "GET file/content/":    (401, 403, 405, 405, 405, 405, 405, 405),
    "PATCH batch":          (401, 403, 405, 405, 405, 405, 405, 405),
    "DELETE file":          (401, 403, 405, 405, 405, 405, 405, 405),
}  # fmt: skip

ROWS = [
    pytest.param(who, asked, status, id=f"{asked}-{who}")
    for asked, statuses in TABLE.items()
    for who, status in zip(CAST, statuses, strict=True)
]


@pytest.fixture
def sender(health_worker, sign_in) -> Sender:
    sender = Sender(sign_in(health_worker))
    sender.announced("a.png", film(1))
    return sender


def place(sender: Sender, asked: str) -> str:
    first, _, rest = asked.partition("/")
    file = f"{sender.address}files/{IncomingFile.objects.get().pk}/"
    return {"batches": "/api/v1/batches/", "batch": sender.address, "file": file}[first] + rest


@pytest.mark.parametrize(("who", "asked", "status"), ROWS)
def test_status(who, asked, status, actor, sender):
    method, address = asked.split()
    bodies = {
        "batches/": {"client_key": str(uuid.uuid4())},
        "batch/files/": {"files": [offered("b.png", film(2))]},
    }
    body, kind = json.dumps(bodies.get(address, {})), "application/json"
    if method == "PUT":
        body, kind = film(1), "application/octet-stream"
    if asked == "POST batch/bundle/":
        body, kind = body_of([("b.png", film(2))]), CONTENT_TYPE

    response = actor(who).generic(
        method, place(sender, address), body, kind, headers={"Upload-Offset": "0"}
    )

    assert response.status_code == status


@pytest.mark.parametrize("address", ["batch", "batch/files/", "file"])
def test_another_persons_batch_looks_exactly_like_a_missing_one(address, doctor, sender, sign_in):
    theirs = place(sender, address)
    missing = theirs.replace(sender.opened.json()["id"], str(uuid.uuid4()))

    there, nothing = (sign_in(doctor).get(where) for where in (theirs, missing))

    assert (there.status_code, there.json()) == (nothing.status_code, nothing.json())


def test_file_of_another_batch_is_missing(sender, health_worker, sign_in):
    other = Sender(sign_in(health_worker))

    assert (
        other.client.get(f"{other.address}files/{IncomingFile.objects.get().pk}/").status_code
        == 404
    )


def test_session_needs_the_csrf_token(sender):
    client = sender.client.__class__(enforce_csrf_checks=True)
    client.cookies = sender.client.cookies
    sender.client = client

    response = sender.put(IncomingFile.objects.get().pk, film(1))

    assert (response.status_code, response.json()["code"]) == (403, "csrf-failed")


def test_session_with_the_csrf_token(sender):
    client = sender.client.__class__(enforce_csrf_checks=True)
    client.cookies = sender.client.cookies
    client.cookies["csrftoken"] = "a" * 32
    sender.client = client

    response = sender.put(IncomingFile.objects.get().pk, film(1), HTTP_X_CSRFTOKEN="a" * 32)

    assert response.status_code == 200
