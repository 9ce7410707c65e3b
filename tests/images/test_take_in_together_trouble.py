"""Films that are taken in together: pixels that are known, and whatever goes wrong with one."""

import pytest
from django.db import transaction

from core.jobs import MAX_ATTEMPTS
from images import storage
from images.errors import StorageFull
from images.models import IncomingFile, Patient, Radiograph, Redaction
from images.quotas import MEGABYTE
from images.services import intake, intake_together, store_together
from images.services.batches import cancel_batch, cancel_file
from images.signals import images_ready
from tests.factories import chest_png, make_radiograph
from tests.images.conftest import files_below
from tests.images.rounds import Sent, bytes_of, films, fresh, in_rounds, opened, outcomes, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch(health_worker):
    return opened(health_worker)


@pytest.fixture
def before_storing(monkeypatch):
    """`before_storing(happen)`: something happens when films are decoded and not stored yet."""
    store = intake_together.store_together

    def meanwhile(happen) -> None:
        def call(**asked):
            happen()
            return store(**asked)

        monkeypatch.setattr(intake_together, "store_together", call)

    return meanwhile


# --- the same pixels ----------------------------------------------------------------------------
def test_the_same_pixels_twice_in_a_round(batch):
    rows = fresh(send(batch, *films(1, 2, 1, 1)))

    in_rounds()

    rows = fresh(rows)
    assert outcomes(rows) == ["created", "created", "duplicate", "duplicate"]
    assert {rows[2].radiograph, rows[3].radiograph} == {rows[0].radiograph}
    assert Radiograph.objects.count() == 2


def test_pixels_that_the_institution_has(batch, health_worker):
    known = make_radiograph(uploader=health_worker, seed=1)
    Radiograph.objects.update(source_sha256="")
    rows = send(batch, *films(1, 2))

    in_rounds()

    rows = fresh(rows)
    assert outcomes(rows) == ["duplicate", "created"]
    assert rows[0].radiograph == known


def test_pixels_that_were_covered_since(batch, health_worker):
    known = make_radiograph(uploader=health_worker, seed=90)
    before = make_radiograph(uploader=health_worker, seed=1)
    Redaction.objects.create(
        radiograph=known, made_by=health_worker, pixel_sha256_before=before.pixel_sha256
    )
    Radiograph.objects.filter(pk=before.pk).delete()
    rows = send(batch, *films(1, 2))

    in_rounds()

    assert outcomes(rows) == ["duplicate", "created"]
    assert fresh(rows)[0].radiograph == known


def test_another_institution_has_its_own(batch, stranger):
    rows = send(batch, *films(1, 2))
    others = send(opened(stranger), *films(1, 2))

    in_rounds()

    assert outcomes([*rows, *others]) == ["created"] * 4
    assert Radiograph.objects.count() == 4


def test_pixels_that_another_worker_stores_in_between(batch, health_worker, monkeypatch, settings):
    known = make_radiograph(uploader=health_worker, seed=2)
    Radiograph.objects.update(source_sha256="")
    monkeypatch.setattr(store_together, "known_pixels", lambda keys: {})
    rows = send(batch, *films(1, 2, 3))

    in_rounds()

    assert outcomes(rows) == ["created", "duplicate", "created"]
    assert fresh(rows)[1].radiograph == known
    assert len(files_below(settings.MEDIA_ROOT)) == 2 * Radiograph.objects.count() == 6


# --- trouble ------------------------------------------------------------------------------------
def test_a_quota_that_is_reached_in_the_middle(batch, site, settings):
    rows = send(batch, *(Sent(chest_png(seed, (700, 600))) for seed in range(4)))
    site.quota_megabytes = 1
    site.save()

    in_rounds()

    assert outcomes(rows) == ["created", "created", "quota-site", "quota-site"]
    assert [bytes_of(row) for row in rows] == [False, False, True, True]
    assert sum(row.stored_bytes for row in Radiograph.objects.all()) <= MEGABYTE
    assert len(files_below(settings.MEDIA_ROOT)) == 4


def test_a_file_that_is_cancelled_in_between(batch, before_storing, settings):
    rows = send(batch, *films(1, 2, 3))
    before_storing(lambda: cancel_file(file=rows[1]))

    in_rounds()

    assert outcomes(rows) == ["created", "cancelled", "created"]
    assert Radiograph.objects.count() == Patient.objects.count() == 2
    assert len(files_below(settings.MEDIA_ROOT)) == 4


def test_a_batch_that_is_cancelled_in_between(batch, before_storing, nothing_kept):
    rows = send(batch, *films(1, 2, 3))
    before_storing(lambda: cancel_batch(batch=batch))

    in_rounds()

    assert outcomes(rows) == ["cancelled"] * 3
    nothing_kept()


def test_a_row_that_another_worker_has_meanwhile(batch, before_storing):
    rows = send(batch, *films(1, 2, 3))
    other = IncomingFile.objects.filter(pk=rows[1].pk)
    before_storing(lambda: other.update(owner="another"))

    in_rounds()

    assert outcomes(rows) == ["created", "running", "created"]
    assert (other.get().owner, bytes_of(rows[1])) == ("another", True)
    assert Radiograph.objects.count() == 2


def test_a_full_disk_leaves_nothing_and_costs_a_try(batch, monkeypatch, nothing_kept):
    write, written = storage.write_durably, []

    def third_is_too_much(target, content):
        written.append(target)
        if len(written) >= 3:
            raise StorageFull
        write(target, content)

    rows = send(batch, *films(1, 2))
    monkeypatch.setattr(storage, "write_durably", third_is_too_much)
    intake_together.take_in_together([row.pk for row in rows], is_over=lambda: False)
    nothing_kept()
    in_rounds()

    assert [(row.status, row.error_code, row.attempts) for row in fresh(rows)] == [
        ("queued", "storage-full", 1)
    ] * 2
    assert all(bytes_of(row) for row in rows)


@pytest.mark.parametrize("problem", [MemoryError(), OSError(5, "Input/output error")])
def test_passing_trouble_costs_each_its_own_tries(problem, batch, monkeypatch, nothing_kept):
    def fail(**_facts):
        raise problem

    monkeypatch.setattr(intake_together, "opened", fail)
    monkeypatch.setattr(intake, "store_radiograph", fail)
    rows = send(batch, *films(1, 2))
    for _ in range(MAX_ATTEMPTS):
        IncomingFile.objects.update(lease_until=None)
        in_rounds()

    assert {(row.status, row.attempts) for row in fresh(rows)} == {("failed", MAX_ATTEMPTS)}
    nothing_kept()


def test_what_listeners_fail_at_is_not_stored_and_no_name_is_logged(batch, caplog, nothing_kept):
    def fail(**_details):
        raise ValueError("Juan Perez")

    images_ready.connect(fail)
    try:
        send(batch, *films(1, 2))
        in_rounds()
    finally:
        images_ready.disconnect(fail)

    assert "Juan" not in caplog.text
    assert "problem=ValueError" in caplog.text
    nothing_kept()


@pytest.mark.django_db(transaction=True)
def test_trouble_after_the_commit_takes_no_file_away(batch):
    def fail():
        raise ValueError("what follows the commit failed")

    def listen(**_details):
        transaction.on_commit(fail)

    images_ready.connect(listen)
    try:
        rows = send(batch, *films(1, 2))
        in_rounds()
    finally:
        images_ready.disconnect(listen)

    assert outcomes(rows) == ["created", "created"]
    for row in fresh(rows):
        sizes = row.radiograph.file.size + row.radiograph.thumbnail.size
        assert sizes == row.radiograph.stored_bytes
