"""Gone for good: row, results, files, and a patient without other radiographs."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from images.models import GroundTruth, Patient, Radiograph
from images.services import delete_for_good, trash
from tests import factories
from tests.images.conftest import files_below


@pytest.fixture
def trashed(film, doctor):
    factories.state_truth(film, "negative")
    trash(radiograph=film, by=doctor)
    return film


def delete(client, film):
    return client.post(reverse("images:delete", args=[film.pk]))


def test_asks_first(actor, trashed):
    response = actor("doctor").get(reverse("images:delete", args=[trashed.pk]))
    assert "<form" in response.content.decode()
    assert Radiograph.objects.filter(pk=trashed.pk).exists()


def test_leaves_nothing(actor, trashed, settings, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        response = delete(actor("doctor"), trashed)
    assert response.headers["Location"] == "/images/trash/"
    for model in (Radiograph, GroundTruth, Patient):
        assert not model.objects.exists()
    assert files_below(settings.MEDIA_ROOT) == []


def test_keeps_a_patient_with_other_radiographs(trashed, doctor):
    other = factories.make_radiograph(uploader=doctor, seed=9)
    delete_for_good(radiograph=trashed)
    assert Patient.objects.get() == other.patient


def delete_in_vain(film) -> None:
    with transaction.atomic():
        delete_for_good(radiograph=film)
        raise IntegrityError


def test_files_stay_if_the_transaction_fails(trashed, settings, django_capture_on_commit_callbacks):
    before = files_below(settings.MEDIA_ROOT)
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(IntegrityError):
        delete_in_vain(trashed)
    assert files_below(settings.MEDIA_ROOT) == before
    assert Radiograph.objects.filter(pk=trashed.pk).exists()


def test_only_from_the_trash(film):
    assert not delete_for_good(radiograph=film)
    assert Radiograph.objects.filter(pk=film.pk).exists()


def test_the_same_pixels_may_come_again(trashed, doctor):
    delete_for_good(radiograph=trashed)
    again = factories.make_radiograph(uploader=doctor, seed=1)
    assert again.pixel_sha256 == trashed.pixel_sha256
