"""DELETE /api/v1/batches/{id}/"""

import pytest

from images import spool
from images.models import IncomingFile, Patient, Radiograph, UploadBatch
from images.services import intake
from tests.sending import Sender, film, work


@pytest.fixture
def sender(health_worker, bearer) -> Sender:
    return Sender(bearer(health_worker))


def test_nothing_is_left_of_it(sender, django_capture_on_commit_callbacks):
    sender.send("a.png", film(1))
    sender.put(sender.announced("b.png", film(2)), film(2)[:100])
    folder = spool.folder_of(sender.batch.pk)

    with django_capture_on_commit_callbacks(execute=True):
        response = sender.client.delete(sender.address)

    assert (response.status_code, response.content) == (204, b"")
    assert not UploadBatch.objects.exists()
    assert not IncomingFile.objects.exists()
    assert not folder.exists()


def test_stored_radiographs_stay(sender):
    sender.send("a.png", film(1))
    work()

    sender.client.delete(sender.address)

    assert Radiograph.objects.count() == 1


def test_second_time_it_is_missing(sender):
    sender.client.delete(sender.address)

    assert sender.client.delete(sender.address).status_code == 404


def test_file_that_a_worker_holds_is_not_stored(sender, settings, monkeypatch):
    key = sender.send("a.png", film(1)).pk
    store = intake.store_radiograph

    def deleted_meanwhile(**facts):
        sender.client.delete(sender.address)
        return store(**facts)

    monkeypatch.setattr(intake, "store_radiograph", deleted_meanwhile)
    intake.take_in(key)

    assert not Radiograph.objects.exists()
    assert not Patient.objects.exists()
    assert not [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()]
    assert not list(settings.INTAKE_DIR.rglob("*.part"))
