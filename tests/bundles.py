"""Bundles as clients write them, with paths as names: Django's own test client cuts those off."""

from collections.abc import Sequence

from images import spool
from tests.sending import Sender

BOUNDARY = "a-boundary-of-the-tests"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"
END = f"--{BOUNDARY}--\r\n".encode()

File = tuple[str, bytes]


def part(head: str, content: bytes) -> bytes:
    lines = f"--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n"
    return lines.encode() + content + b"\r\n"


def body_of(files: Sequence[File], sha256: Sequence[str] = ()) -> bytes:
    films = [part(f'name="file"; filename="{name}"', content) for name, content in files]
    return b"".join([*films, *(part('name="sha256"', each.encode()) for each in sha256), END])


def send_bundle(sender: Sender, *files: File, sha256: Sequence[str] = (), **extra):
    return send_body(sender, body_of(files, sha256), **extra)


def send_body(sender: Sender, body: bytes, content_type: str = CONTENT_TYPE, **extra):
    return sender.client.generic("POST", f"{sender.address}bundle/", body, content_type, **extra)


def rows_of(response) -> list[dict]:
    assert response.status_code == 200, response.content
    return response.json()["files"]


def spooled(sender: Sender) -> dict[str, bytes]:
    """What lies there of the sender's batch, by the hex of its id."""
    folder = spool.folder_of(sender.batch.pk)
    return {path.stem: path.read_bytes() for path in folder.glob("*")}
