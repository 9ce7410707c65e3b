"""PUT /api/v1/batches/{id}/files/{id}/content/"""

import pytest

from images import spool
from images.errors import StorageFull
from images.models import IncomingFile
from images.services import receiving
from tests.sending import Sender, film, offered

FILM = film(1)


@pytest.fixture
def sender(health_worker, bearer) -> Sender:
    return Sender(bearer(health_worker))


@pytest.fixture
def key(sender) -> str:
    return sender.announced("a.png", FILM)


def spooled(sender: Sender, key: str) -> bytes:
    path = spool.path_of(sender.batch.pk, IncomingFile.objects.get(pk=key).pk)
    return path.read_bytes() if path.exists() else b""


def test_whole_file_waits_for_a_worker(sender, key):
    response = sender.put(key, FILM)

    assert (response.status_code, response.json()) == (200, {"received": len(FILM)})
    assert sender.row(key)["state"] == "waiting"


def test_part_is_kept(sender, key):
    response = sender.put(key, FILM[:100])

    assert response.json() == {"received": 100}
    assert (sender.row(key)["state"], sender.row(key)["received"]) == ("receiving", 100)
    assert spooled(sender, key) == FILM[:100]


def test_parts_make_the_file(sender, key):
    for start in range(0, len(FILM), 1000):
        sender.put(key, FILM[start : start + 1000], offset=start)

    assert spooled(sender, key) == FILM
    assert sender.row(key)["state"] == "waiting"


def test_part_that_overlaps_is_skipped_as_far_as_it_is_known(sender, key):
    sender.put(key, FILM[:1000])

    response = sender.put(key, FILM[500:1500], offset=500)

    assert response.json() == {"received": 1500}
    assert spooled(sender, key) == FILM[:1500]


def test_same_part_twice(sender, key):
    answers = [sender.put(key, FILM[:1000]).json() for _ in range(2)]

    assert answers == [{"received": 1000}] * 2


def test_gap_is_refused_with_what_is_here(sender, key):
    sender.put(key, FILM[:100])

    response = sender.put(key, FILM[200:300], offset=200)

    assert (response.status_code, response.json()["code"]) == (409, "out-of-step")
    assert response.json()["received"] == 100
    assert spooled(sender, key) == FILM[:100]


def test_last_part_again_after_the_answer_was_lost(sender, key):
    sender.put(key, FILM)

    response = sender.put(key, FILM[-10:], offset=len(FILM) - 10)

    assert (response.status_code, response.json()) == (200, {"received": len(FILM)})


def test_more_than_announced_leaves_the_file_as_it_is(sender, key):
    sender.put(key, FILM[:100])

    response = sender.put(key, FILM + b"more")

    assert (response.status_code, response.json()["code"]) == (413, "larger-than-announced")
    assert spooled(sender, key) == FILM[:100]


def test_other_bytes_than_announced_are_thrown_away(sender, key):
    response = sender.put(key, bytes(len(FILM)))

    assert (response.status_code, response.json()["code"]) == (422, "arrived-damaged")
    assert (sender.row(key)["state"], sender.row(key)["received"]) == ("receiving", 0)


def test_file_that_arrived_damaged_can_be_sent_again(sender, key):
    sender.put(key, bytes(len(FILM)))

    assert sender.put(key, FILM).json() == {"received": len(FILM)}


def test_body_may_be_larger_than_django_keeps_in_memory(sender, key, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10

    assert sender.put(key, FILM).status_code == 200


def test_too_large_a_part_is_not_read(sender, key, monkeypatch):
    monkeypatch.setattr(receiving, "MAX_PART_BYTES", 10)

    response = sender.put(key, FILM)

    assert (response.status_code, response.json()["code"]) == (413, "part-too-large")
    assert spooled(sender, key) == b""


def test_what_is_too_large_for_a_film_is_refused_with_its_first_bytes(sender, key, settings):
    settings.MAX_RADIOGRAPH_BYTES = len(FILM) - 1

    response = sender.put(key, FILM[:100])

    assert (response.status_code, response.json()["code"]) == (413, "too-large-file")
    assert (sender.row(key)["state"], sender.row(key)["code"]) == ("failed", "too-large-file")
    assert spooled(sender, key) == b""


def test_archive_may_be_larger_than_a_film(sender, settings):
    content = b"PK\x03\x04" + bytes(1000)
    key = sender.announced("a.zip", content)
    settings.MAX_RADIOGRAPH_BYTES = 500

    assert sender.put(key, content[:600]).json() == {"received": 600}


def test_full_disk_keeps_what_came(sender, key, monkeypatch):
    sender.put(key, FILM[:100])

    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(spool.os, "pwrite", full)
    response = sender.put(key, FILM[100:200], offset=100)

    assert (response.status_code, response.json()["code"]) == (507, StorageFull.code)
    assert spooled(sender, key) == FILM[:100]


@pytest.mark.parametrize("offset", ["", "-1", "ten", "1.5", "9" * 30])
def test_bad_offset(offset, sender, key):
    response = sender.put(key, FILM, offset=offset)

    assert (response.status_code, response.json()["code"]) == (400, "bad-offset")


def test_length_must_be_said(sender, key):
    response = sender.put(key, FILM, HTTP_TRANSFER_ENCODING="chunked")

    assert (response.status_code, response.json()["code"]) == (411, "length-required")


def test_other_content_type(sender, key):
    response = sender.client.put(
        f"{sender.address}files/{key}/content/", b"{}", "text/plain", headers={"Upload-Offset": "0"}
    )

    assert (response.status_code, response.json()["code"]) == (415, "unsupported-media-type")


def test_empty_part_completes_what_a_crash_left_open(sender, key):
    path = spool.path_of(sender.batch.pk, IncomingFile.objects.get(pk=key).pk)
    sender.put(key, FILM[:10])
    path.write_bytes(FILM)

    assert sender.put(key, b"", offset=len(FILM)).json() == {"received": len(FILM)}
    assert sender.row(key)["state"] == "waiting"


def test_cancelled_file_takes_nothing(sender, key):
    sender.do("cancel", key)

    response = sender.put(key, FILM)

    assert (response.status_code, response.json()["code"]) == (409, "file-closed")
    assert spooled(sender, key) == b""


class CutAfter:
    """A body whose connection breaks, after something happened on the other side."""

    def __init__(self, content: bytes, happens=lambda: None) -> None:
        self.content, self.happens = content, happens

    def read(self, _size: int) -> bytes:
        if self.content:
            content, self.content = self.content, b""
            return content
        self.happens()
        raise ConnectionResetError


def test_broken_connection_keeps_what_came(sender, key):
    file = IncomingFile.objects.get(pk=key)

    received = receiving.receive_part(
        file=file, offset=0, stream=CutAfter(FILM[:777]), length=len(FILM)
    )

    assert received == 777
    assert spooled(sender, key) == FILM[:777]


def test_batch_deleted_while_a_part_arrives(sender, key):
    file, path = IncomingFile.objects.get(pk=key), spool.path_of(sender.batch.pk, sender.batch.pk)
    stream = CutAfter(FILM[:777], lambda: sender.client.delete(sender.address))

    with pytest.raises(IncomingFile.DoesNotExist):
        receiving.receive_part(file=file, offset=0, stream=stream, length=len(FILM))

    assert list(path.parent.glob("*")) == []


def test_deleted_batch_takes_nothing(sender, key):
    sender.client.delete(sender.address)

    assert sender.put(key, FILM).status_code == 404


def test_spool_is_private(sender, key):
    sender.put(key, FILM)
    path = spool.path_of(sender.batch.pk, IncomingFile.objects.get(pk=key).pk)

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_name_is_nowhere_on_the_disk(sender, settings):
    sender.send("Juan Perez/radiografia.png", FILM)

    assert not [path for path in settings.INTAKE_DIR.rglob("*") if "erez" in path.name]


def test_parts_do_not_use_up_other_calls(sender, key, settings):
    settings.API_REQUESTS_PER_MINUTE = 1

    assert [sender.put(key, FILM[:10]).status_code for _ in range(3)] == [200] * 3


def test_parts_have_a_limit_of_their_own(sender, settings):
    key = sender.announce(offered("a.png", FILM)).json()["files"][0]["id"]
    settings.INTAKE_REQUESTS_PER_MINUTE = 1

    assert sender.put(key, FILM).status_code == 429
