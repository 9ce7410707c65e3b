"""POST /api/v1/batches/{id}/bundle/"""

import os
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from images import spool
from images.models import IncomingFile, Radiograph
from images.services import bundling
from tests.bundles import END, part, rows_of, send_body, send_bundle, spooled
from tests.images.zips import archive
from tests.sending import Sender, film, offered, work

FILM = film(1)
A, B = ("ward/a.png", film(1)), ("ward/b.png", film(2))


@pytest.fixture
def sender(health_worker, bearer) -> Sender:
    return Sender(bearer(health_worker))


# --- what is taken ------------------------------------------------------------------------------
def test_files_wait_for_a_worker_in_the_order_sent(sender):
    rows = rows_of(send_bundle(sender, A, B))

    assert [(row["name"], row["state"], row["position"]) for row in rows] == [
        ("ward/a.png", "waiting", 0), ("ward/b.png", "waiting", 1),
    ]  # fmt: skip
    assert [row["received"] for row in rows] == [len(A[1]), len(B[1])]


def test_bytes_are_kept_as_they_came(sender):
    rows = rows_of(send_bundle(sender, A, B))

    keys = [uuid.UUID(row["id"]).hex for row in rows]
    assert spooled(sender) == {keys[0]: A[1], keys[1]: B[1]}


def test_workers_take_the_files_in(sender):
    rows = rows_of(send_bundle(sender, A, B))
    work()

    assert Radiograph.objects.count() == 2
    assert {sender.row(row["id"])["outcome"] for row in rows} == {"created"}
    assert spooled(sender) == {}


def test_one_doorbell_for_all(sender, monkeypatch, django_capture_on_commit_callbacks):
    rung = []
    monkeypatch.setattr(bundling, "ring_workers", lambda: rung.append(1))

    with django_capture_on_commit_callbacks(execute=True):
        send_bundle(sender, A, B)

    assert rung == [1]


def test_more_files_need_no_more_questions(sender):
    def asked(count: int, first: int) -> int:
        files = [(f"{seed}.png", film(seed)) for seed in range(first, first + count)]
        with CaptureQueriesContext(connection) as captured:
            rows_of(send_bundle(sender, *files))
        return len(captured)

    asked(1, 10)  # the first call of a token notes its use

    assert asked(8, 30) == asked(2, 20)


def test_positions_go_on(sender):
    send_bundle(sender, A)

    assert rows_of(send_bundle(sender, B))[0]["position"] == 1


def test_folder_gives_the_patient_code_where_the_rule_says_so(health_worker, bearer):
    sender = Sender(bearer(health_worker), patient_rule="folder")

    rows = rows_of(send_bundle(sender, ("P-7/a.png", film(1)), ("Juan Pérez/b.png", film(2))))

    assert IncomingFile.objects.get().patient_code == "P-7"
    assert rows[1]["code"] == "bad-patient-code"


@pytest.mark.parametrize("name", ["a\\b.png", "radiografía.png", "a;b.png", "a'b.png", "x" * 250])
def test_name_comes_back_as_it_was_sent(name, sender):
    assert rows_of(send_bundle(sender, (name, FILM)))[0]["name"] == name.replace("\\", "/")


def test_name_in_quotes_is_the_announced_one(sender):
    announced = sender.announced('a "b".png', FILM)
    body = part(r'name="file"; filename="a \"b\".png"', FILM) + END

    assert rows_of(send_body(sender, body))[0]["id"] == announced


def test_archive_is_unpacked(sender):
    row = rows_of(send_bundle(sender, ("ward.zip", archive(("in/a.png", FILM)))))[0]
    work()

    assert sender.row(row["id"])["outcome"] == "expanded"
    assert Radiograph.objects.count() == 1


# --- again --------------------------------------------------------------------------------------
def test_same_bundle_again_gives_the_same_rows(sender):
    first, again = (rows_of(send_bundle(sender, A, B)) for _ in range(2))

    assert again == first
    assert len(spooled(sender)) == IncomingFile.objects.count() == 2


def test_same_bundle_after_it_was_taken_in(sender):
    first = rows_of(send_bundle(sender, A, B))
    work()

    again = rows_of(send_bundle(sender, A, B))

    assert [(row["id"], row["outcome"]) for row in again] == [
        (row["id"], "created") for row in first
    ]
    assert spooled(sender) == {}
    assert Radiograph.objects.count() == 2


def test_same_file_twice_in_a_bundle_is_one_row(sender):
    rows = rows_of(send_bundle(sender, A, A))

    assert rows[0] == rows[1]
    assert len(spooled(sender)) == IncomingFile.objects.count() == 1


def test_what_the_institution_has_is_a_duplicate(sender, health_worker, bearer):
    send_bundle(sender, A)
    work()
    other = Sender(bearer(health_worker))

    row = rows_of(send_bundle(other, ("renamed.png", A[1])))[0]

    assert (row["state"], row["outcome"]) == ("done", "duplicate")
    assert row["radiograph"] == str(Radiograph.objects.get().pk)
    assert spooled(other) == {}


def test_what_another_institution_has_stays_unknown(sender, stranger, bearer):
    send_bundle(sender, A)
    work()

    assert rows_of(send_bundle(Sender(bearer(stranger)), A))[0]["state"] == "waiting"


def test_announced_file_gets_its_bytes(sender):
    announced = sender.announced(*A)

    rows = rows_of(send_bundle(sender, A, B))

    assert (rows[0]["id"], rows[0]["state"]) == (announced, "waiting")
    assert spooled(sender)[uuid.UUID(announced).hex] == A[1]
    assert IncomingFile.objects.count() == len(spooled(sender)) == 2


def test_announced_archive_is_known_as_one(sender):
    content = archive(("a.png", FILM))
    sender.announced("ward.zip", content)

    send_bundle(sender, ("ward.zip", content))

    assert IncomingFile.objects.get().kind == "archive"


def test_file_of_which_a_part_is_here_is_completed(sender):
    key = sender.announced(*A)
    sender.put(key, A[1][:100])

    assert rows_of(send_bundle(sender, A))[0]["state"] == "waiting"
    assert list(spooled(sender).values()) == [A[1]]


def test_file_announced_with_another_size_still_waits(sender):
    told = offered(*A)
    sender.announce(told | {"size": told["size"] + 1})

    assert rows_of(send_bundle(sender, A))[0]["state"] == "receiving"
    assert spooled(sender) == {}


def test_cancelled_file_stays_cancelled(sender):
    key = sender.announced(*A)
    sender.do("cancel", key)

    assert rows_of(send_bundle(sender, A))[0]["state"] == "cancelled"
    assert spooled(sender) == {}


# --- where it lies ----------------------------------------------------------------------------
def test_bytes_are_forced_to_the_disk_before_their_rows_are_written(sender, monkeypatch):
    fsync, rows_then = os.fsync, []

    def noted(descriptor):
        rows_then.append(IncomingFile.objects.count())
        fsync(descriptor)

    monkeypatch.setattr(spool.os, "fsync", noted)
    send_bundle(sender, A, B)

    # Each file and the folder; before them the folder itself, in its own.
    assert rows_then == [0] * len(rows_then)
    assert len(rows_then) >= 3


def test_names_are_neither_logged_nor_on_the_disk(sender, settings, capfd, caplog):
    send_bundle(sender, ("Juan Perez/radiografia.png", FILM), ("Perez/../x.png", FILM))
    told = capfd.readouterr()

    assert "erez" not in told.out + told.err + caplog.text
    assert not [path for path in settings.INTAKE_DIR.rglob("*") if "erez" in path.name]


def test_spool_is_private(sender):
    send_bundle(sender, A)
    folder = spool.folder_of(sender.batch.pk)

    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.glob("*")} == {0o600}
