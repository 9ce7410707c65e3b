"""POST /api/v1/batches/{id}/bundle/ while something else happens, and what is known beforehand."""

import os
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Site
from images import spool
from images.errors import Refused, StorageFull
from images.models import IncomingFile, Radiograph, UploadBatch
from images.services.announcing import known_sources, locked_open
from tests import factories
from tests.bundles import rows_of, send_bundle, spooled
from tests.sending import Sender, film, work

A, B, C = (("ward/a.png", film(1)), ("ward/b.png", film(2)), ("ward/c.png", film(3)))
HASH = "a" * 64


@pytest.fixture
def sender(health_worker, bearer) -> Sender:
    return Sender(bearer(health_worker))


def test_batch_that_is_deleted_while_the_bytes_are_written(sender, monkeypatch):
    write, written = spool._write_new, []

    def deleted_after_the_first(*args):
        if len(written) == 1:
            assert sender.client.delete(sender.address).status_code == 204
        written.append(args)
        return write(*args)

    folder = spool.folder_of(sender.batch.pk)
    monkeypatch.setattr(spool, "_write_new", deleted_after_the_first)
    response = send_bundle(sender, A, B, C)

    assert (response.status_code, response.json()["code"]) == (409, "batch-closed")
    assert list(folder.glob("*")) == []
    assert not IncomingFile.objects.exists()


def test_disk_that_was_full_takes_the_same_bundle_later(sender, monkeypatch):
    write = os.write

    def full_at_the_third(descriptor, content):
        if bytes(content) == C[1]:
            raise OSError(28, "No space left on device")
        return write(descriptor, content)

    with monkeypatch.context() as full:
        full.setattr(spool.os, "write", full_at_the_third)
        refused = send_bundle(sender, A, B, C)
    rows = rows_of(send_bundle(sender, A, B, C))

    assert (refused.status_code, refused.json()["code"]) == (507, StorageFull.code)
    assert [(row["state"], row["position"]) for row in rows] == [
        ("waiting", 0), ("waiting", 1), ("waiting", 2),
    ]  # fmt: skip
    assert sorted(spooled(sender).values()) == sorted(content for _, content in (A, B, C))


def test_every_descriptor_is_closed(sender):
    before = len(list(Path("/proc/self/fd").iterdir()))

    send_bundle(sender, A, B, C)

    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_bundle_asks_few_questions_also_of_a_person_with_little_room(sender, site):
    send_bundle(sender, A)  # the first call of a token notes its use
    with CaptureQueriesContext(connection) as freely:
        rows_of(send_bundle(sender, B))
    site.person_quota_megabytes = 1000
    site.save()
    with CaptureQueriesContext(connection) as counted:
        rows_of(send_bundle(sender, C))

    # Who the person is was asked at the door: only the room is.
    assert len(counted) == len(freely) + 1


def test_batch_that_is_gone_is_closed(sender):
    batch = sender.batch
    UploadBatch.objects.all().delete()

    with pytest.raises(Refused, match="batch-closed"):
        locked_open(batch)


# --- what the institution has already -----------------------------------------------------------
def test_file_that_turned_out_to_be_a_film_of_ours_is_known(sender, site):
    radiograph = film_of(site, 1, "b" * 64)
    came_again(sender, radiograph)

    assert known_sources(site, [HASH, "c" * 64, ""]) == {HASH: radiograph}


def test_film_that_was_made_of_the_file_goes_before_what_it_turned_out_to_be(sender, site):
    made = film_of(site, 1, HASH)
    came_again(sender, film_of(site, 2, "b" * 64))

    assert known_sources(site, [HASH]) == {HASH: made}


def test_of_two_films_of_the_same_file_the_older_one_is_told(site):
    older, newer = (film_of(site, seed, HASH) for seed in range(2))

    assert older.created_at < newer.created_at
    assert known_sources(site, [HASH]) == {HASH: older}


def test_what_became_of_a_file_of_another_institution_is_not_known(sender, site, other_site):
    came_again(sender, film_of(site, 1, "b" * 64))

    assert known_sources(other_site, [HASH]) == {}


def test_duplicates_name_their_films_in_the_order_sent(sender, health_worker, bearer):
    first = [row["id"] for row in rows_of(send_bundle(sender, A, B))]
    work()
    became = [str(IncomingFile.objects.get(pk=key).radiograph_id) for key in first]

    rows = rows_of(send_bundle(Sender(bearer(health_worker)), B, A))

    assert len(set(became)) == 2
    assert [row["radiograph"] for row in rows] == became[::-1]


def film_of(site: Site, seed: int, sha256: str) -> Radiograph:
    """A radiograph that was made of the file of this hash."""
    return factories.make_radiograph(site=site, seed=seed, source_sha256=sha256)


def came_again(sender: Sender, radiograph: Radiograph) -> None:
    """A file of the sender's batch with HASH that showed what `radiograph` shows."""
    IncomingFile.objects.create(
        batch=sender.batch, position=0, name_key="n", size=1, sha256=HASH, status="done",
        outcome="duplicate", radiograph=radiograph,
    )  # fmt: skip
