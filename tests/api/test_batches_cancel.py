"""POST .../files/{id}/cancel/ and POST /api/v1/batches/{id}/cancel/"""

import pytest

from images import spool
from images.models import IncomingFile, Radiograph
from images.services import intake
from tests.sending import Sender, film, work


@pytest.fixture
def sender(health_worker, bearer) -> Sender:
    return Sender(bearer(health_worker))


def test_cancelled_file_leaves_no_bytes(sender, django_capture_on_commit_callbacks):
    key = sender.send("a.png", film(1)).pk

    with django_capture_on_commit_callbacks(execute=True):
        response = sender.do("cancel", key)

    assert response.json()["state"] == "cancelled"
    assert not spool.path_of(sender.batch.pk, key).exists()


def test_cancelled_file_is_not_taken_in(sender):
    sender.do("cancel", sender.send("a.png", film(1)).pk)

    assert work() == 0
    assert not Radiograph.objects.exists()


def test_stored_file_stays(sender):
    key = sender.send("a.png", film(1)).pk
    work()

    assert sender.do("cancel", key).json()["state"] == "done"


def test_cancelled_batch(sender, django_capture_on_commit_callbacks):
    stored = sender.send("a.png", film(1)).pk
    work()
    sender.send("b.png", film(2))
    sender.announced("c.png", film(3))

    with django_capture_on_commit_callbacks(execute=True):
        response = sender.do("cancel")

    counts = response.json()["counts"]
    assert (response.json()["status"], counts["cancelled"], counts["done"]) == ("cancelled", 2, 1)
    assert sender.row(stored)["state"] == "done"
    assert not spool.folder_of(sender.batch.pk).exists()


def test_second_time_changes_nothing(sender):
    sender.announced("a.png", film(1))

    assert sender.do("cancel").json() == sender.do("cancel").json()


@pytest.mark.parametrize("verb", ["file", "batch"])
def test_file_that_a_worker_holds_is_not_stored(verb, sender, settings, monkeypatch):
    key = sender.send("a.png", film(1)).pk
    store = intake.store_radiograph

    def cancelled_meanwhile(**facts):
        sender.do("cancel", key if verb == "file" else None)
        return store(**facts)

    monkeypatch.setattr(intake, "store_radiograph", cancelled_meanwhile)
    intake.take_in(key)

    assert IncomingFile.objects.get(pk=key).status == "cancelled"
    assert not Radiograph.objects.exists()
    assert not [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()]
    assert not spool.path_of(sender.batch.pk, key).exists()
