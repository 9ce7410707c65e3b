"""A client of batches, as a browser or a script is one."""

import hashlib
import json
import uuid
from typing import Any

from django.test import Client

from images.models import IncomingFile, UploadBatch
from images.services import intake
from tests.factories import chest_png

BATCHES = "/api/v1/batches/"


def offered(name: str, content: bytes) -> dict[str, Any]:
    """What is announced of a file."""
    sha256 = hashlib.sha256(content).hexdigest()
    return {"name": name, "size": len(content), "sha256": sha256}


class Sender:
    """Opens a batch and sends files into it."""

    def __init__(self, client: Client, **opening: Any) -> None:
        self.client = client
        self.opened = self.post(BATCHES, {"client_key": str(uuid.uuid4())} | opening)
        self.address = f"{BATCHES}{self.opened.json().get('id')}/"

    def post(self, address: str, body: Any = None):
        return self.client.post(address, json.dumps(body or {}), "application/json")

    @property
    def batch(self) -> UploadBatch:
        return UploadBatch.objects.get(pk=self.opened.json()["id"])

    def look(self) -> dict[str, Any]:
        return self.client.get(self.address).json()

    def announce(self, *files: dict[str, Any]):
        return self.post(f"{self.address}files/", {"files": list(files)})

    def announced(self, name: str, content: bytes) -> str:
        """The id of the row."""
        return self.announce(offered(name, content)).json()["files"][0]["id"]

    def put(self, key: str, content: bytes, offset: int | str = 0, **extra: Any):
        return self.client.put(
            f"{self.address}files/{key}/content/", content, "application/octet-stream",
            headers={"Upload-Offset": str(offset)}, **extra,
        )  # fmt: skip

    def send(self, name: str, content: bytes) -> IncomingFile:
        """Announce and send a whole file."""
        key = self.announced(name, content)
        response = self.put(key, content)
        assert response.status_code == 200, response.content
        return IncomingFile.objects.get(pk=key)

    def row(self, key: Any) -> dict[str, Any]:
        return self.client.get(f"{self.address}files/{key}/").json()

    def rows(self, **asked: Any) -> list[dict[str, Any]]:
        return self.client.get(f"{self.address}files/", asked).json()["files"]

    def do(self, verb: str, key: Any = None):
        place = f"{self.address}files/{key}/" if key else self.address
        return self.post(f"{place}{verb}/")


def work() -> int:
    """Take in all that waits, as a worker does; returns how many files."""
    count = 0
    while intake.take_in_next():
        count += 1
    return count


def film(seed: int = 1) -> bytes:
    return chest_png(seed)
