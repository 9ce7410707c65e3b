"""Too much for the limit, too much for the disk."""

import errno
import os
from pathlib import Path

import pytest
from django.core.files import uploadedfile
from django.core.files.base import ContentFile
from django.test import Client

from images import storage
from images.errors import StorageFull
from tests import factories
from tests.images.conftest import upload_of

UPLOAD = "/images/upload/"
LIMIT = 100_000


@pytest.fixture
def small_limit(settings):
    settings.MAX_RADIOGRAPH_BYTES = LIMIT


@pytest.mark.parametrize("in_memory", [True, False])
def test_over_the_limit_is_413(actor, settings, small_limit, nothing_kept, in_memory):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10 * LIMIT if in_memory else 0
    response = actor("doctor").post(UPLOAD, upload_of(bytes(LIMIT + 1), sex="F"))
    assert response.status_code == 413
    assert response.context["form"]["sex"].value() == "F"
    nothing_kept()


def test_the_limit_itself_is_allowed(actor, small_limit):
    """Of such a file only the content is wrong."""
    response = actor("doctor").post(UPLOAD, upload_of(bytes(LIMIT)))
    assert response.status_code == 400


def test_far_over_the_limit_is_not_even_read(actor, small_limit, nothing_kept):
    response = actor("doctor").post(UPLOAD, upload_of(bytes(5 * LIMIT)))
    assert response.status_code == 413
    nothing_kept()


def test_over_the_limit_leaves_the_browsers_form_guard_alone(doctor, small_limit):
    """With CSRF checks on, the answer is 413 and not 403, wherever the token stands."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(doctor, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.get(UPLOAD)
    token = client.cookies["csrftoken"].value
    body = upload_of(bytes(2 * LIMIT)) | {"csrfmiddlewaretoken": token}
    assert client.post(UPLOAD, body).status_code == 413


@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_507_and_leaves_nothing(actor, nothing_kept, monkeypatch, reason):
    def full(descriptor):
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(storage.os, "fsync", full)
    response = actor("doctor").post(UPLOAD, upload_of(age_years="50"))
    assert response.status_code == 507
    assert str(StorageFull.sentence) in response.context["form"].non_field_errors()
    assert response.context["form"]["age_years"].value() == "50"
    nothing_kept()


def test_room_for_the_picture_but_not_for_its_thumbnail(actor, nothing_kept, monkeypatch):
    written, write = [], storage.write_durably

    def second_fails(target, content):
        written.append(target)
        if len(written) == 2:
            raise OSError(errno.ENOSPC, "no space")
        write(target, content)

    monkeypatch.setattr(storage, "write_durably", second_fails)
    assert actor("doctor").post(UPLOAD, upload_of()).status_code == 507
    assert len(written) == 2
    nothing_kept()


@pytest.mark.parametrize("size", [100, 1_000_000])
def test_a_full_temporary_folder_is_507(actor, nothing_kept, monkeypatch, size):
    """Small files fail when they are flushed at their end, large ones while they are written."""

    def on_full_device(**options):
        return Path("/dev/full").open("wb+")

    monkeypatch.setattr(uploadedfile.tempfile, "NamedTemporaryFile", on_full_device)
    response = actor("doctor").post(UPLOAD, upload_of(bytes(size), sex="F"))
    assert response.status_code == 507
    assert response.context["form"]["sex"].value() == "F"
    nothing_kept()


def test_the_disk_has_room_again(actor, monkeypatch):
    with monkeypatch.context() as now:
        now.setattr(
            storage.os, "fsync", lambda fd: (_ for _ in ()).throw(OSError(errno.ENOSPC, ""))
        )
        assert actor("doctor").post(UPLOAD, upload_of()).status_code == 507
    assert actor("doctor").post(UPLOAD, upload_of()).status_code == 302


def test_other_failures_of_the_disk_are_not_called_full(settings, monkeypatch):
    def broken(descriptor):
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(storage.os, "fsync", broken)
    with pytest.raises(OSError, match="input/output"):
        storage.DurableFileSystemStorage().save("ab/x.png", ContentFile(b"x"))


def test_a_film_of_the_usual_size_passes(actor):
    assert actor("doctor").post(UPLOAD, upload_of(factories.chest_png(3))).status_code == 302
