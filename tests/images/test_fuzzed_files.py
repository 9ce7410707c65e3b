"""300 malformed files through every door: no server error, a reason for each, nothing stored."""

import uuid
from collections import Counter
from hashlib import sha256

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from images.models import IncomingFile
from images.services import intake
from images.verdicts import sentence_of
from tests.images.conftest import files_below, upload_of
from tests.images.fuzzed import COUNT, malformed_files

pytestmark = pytest.mark.django_db
BATCHES = "/api/v1/batches/"
LONG_ENOUGH_TO_SAY_WHY = 15


def test_there_are_enough_of_every_kind():
    kinds = Counter(name.rpartition(".")[2] for name, _ in malformed_files())
    assert kinds.total() == COUNT
    assert min(kinds[kind] for kind in ("png", "jpg", "dcm")) >= 30


def test_through_the_form(actor, nothing_kept):
    client = actor("doctor")
    for name, content in malformed_files():
        response = client.post("/images/upload/", upload_of(content, name))
        assert response.status_code == 400, name
        [sentence] = response.context["form"].errors["file"]
        assert len(sentence) > LONG_ENOUGH_TO_SAY_WHY
    nothing_kept()


def test_through_the_api(actor, nothing_kept):
    client = actor("doctor")
    for name, content in malformed_files():
        parts = {"file": SimpleUploadedFile(name, content), "patient_code": "P-7"}
        response = client.post("/api/v1/images/", parts)
        assert response.status_code == 400, name
        assert len(response.json()["detail"]) > LONG_ENOUGH_TO_SAY_WHY
    nothing_kept()


def test_through_a_batch(actor, nothing_kept, settings):
    client = actor("health_worker")
    batch = client.post(
        BATCHES, {"client_key": str(uuid.uuid4())}, content_type="application/json"
    ).json()
    for name, content in malformed_files():
        offered = {"name": name, "size": len(content), "sha256": sha256(content).hexdigest()}
        address = f"{BATCHES}{batch['id']}/files"
        answer = client.post(address, {"files": [offered]}, content_type="application/json")
        [row] = answer.json()["files"]
        if "id" not in row:
            assert len(row["sentence"]) > LONG_ENOUGH_TO_SAY_WHY, name
            continue
        sent = client.put(
            f"{address}/{row['id']}/content", content,
            content_type="application/octet-stream", headers={"upload-offset": "0"},
        )  # fmt: skip
        assert sent.status_code == 200, name
    while intake.take_in_next():
        pass
    rows = IncomingFile.objects.all()
    assert {row.status for row in rows} == {"failed"}
    assert min(len(str(sentence_of(row.error_code))) for row in rows) > LONG_ENOUGH_TO_SAY_WHY
    assert files_below(settings.INTAKE_DIR) == []
    nothing_kept()
