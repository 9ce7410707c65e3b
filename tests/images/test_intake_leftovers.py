"""Names that expire, and bytes that nobody waits for (images.services.leftovers)."""

import io
import os
import time
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from core.jobs import JobStatus
from images import spool
from images.models import IncomingFile
from images.services.announcing import Announced, announce
from images.services.batches import open_batch
from images.services.intake import add_local_file
from images.services.leftovers import drop_leftovers, forget_names
from tests.factories import chest_png

DAY = 24 * 3600


@pytest.fixture
def batch(health_worker):
    key = uuid.uuid4()
    return open_batch(owner=health_worker, site=health_worker.site, client_key=key)[0]


@pytest.fixture
def file(batch) -> IncomingFile:
    return add_local_file(batch=batch, name="a.png", stream=io.BytesIO(chest_png(1)))


def aged(file: IncomingFile, days: float, **values) -> IncomingFile:
    path = spool.path_of(file.batch_id, file.pk)
    then = time.time() - days * DAY
    if path.exists():
        os.utime(path, (then, then))
    since = timezone.now() - timedelta(days=days)
    IncomingFile.objects.filter(pk=file.pk).update(created_at=since, updated_at=since, **values)
    return file


def is_here(file: IncomingFile) -> bool:
    return spool.path_of(file.batch_id, file.pk).exists()


@pytest.mark.parametrize(("days", "is_kept"), [(29, True), (31, False)])
def test_names_are_forgotten(days, is_kept, file):
    aged(file, days)

    forget_names()

    file.refresh_from_db()
    assert bool(file.sealed_name) is is_kept


@pytest.mark.parametrize(
    ("days", "status", "code", "is_kept"),
    [
        (30, JobStatus.QUEUED, "", True),
        (30, JobStatus.RUNNING, "", True),
        (6, JobStatus.FAILED, "storage-full", True),
        (8, JobStatus.FAILED, "storage-full", False),
        (1, JobStatus.FAILED, "not-an-image", False),
        (1, JobStatus.DONE, "", False),
        (1, JobStatus.CANCELLED, "", False),
    ],
)
def test_bytes(days, status, code, is_kept, file):
    aged(file, days, status=status, error_code=code)

    drop_leftovers()

    assert is_here(file) is is_kept


@pytest.mark.parametrize(("days", "state"), [(6, "queued"), (8, "cancelled")])
def test_file_that_stopped_arriving(days, state, batch):
    sha256 = spool.digest(io.BytesIO(b"abc"))
    (file,) = announce(batch=batch, files=[Announced("a.png", 3, sha256)])
    spool.written(spool.path_of(batch.pk, file.pk), [b"a"])
    aged(file, days)

    drop_leftovers()

    file.refresh_from_db()
    assert (file.status, is_here(file)) == (state, state == "queued")


@pytest.mark.parametrize(("days", "is_kept"), [(0, True), (1, False)])
def test_bytes_without_a_row(days, is_kept, db):
    path = spool.path_of(uuid.uuid4(), uuid.uuid4())
    spool.written(path, [b"a"])
    then = time.time() - days * DAY
    os.utime(path, (then, then))

    drop_leftovers()

    assert path.exists() is is_kept
    assert path.parent.exists() is is_kept


def test_files_of_other_parts_are_left_alone(db, settings):
    table = settings.INTAKE_DIR / "tables" / f"{uuid.uuid4().hex}.part"
    table.parent.mkdir(parents=True)
    table.write_bytes(b"sealed")
    os.utime(table, (0, 0))

    drop_leftovers()

    assert table.exists()
