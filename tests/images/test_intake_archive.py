"""An archive in a batch: each member its own row and verdict."""

import io
import uuid

import pytest

from images import spool
from images.errors import Refused, StorageFull
from images.models import FileOutcome, IncomingFile, Radiograph
from images.names import shown_name
from images.services import expanding, intake
from images.services.batches import cancel_batch, cancel_file, delete_batch, open_batch, retry
from tests.factories import chest_png
from tests.images import zips
from tests.images.zips import archive

FILMS = [chest_png(n) for n in range(5)]


@pytest.fixture
def batch(health_worker):
    return opened(health_worker)


def opened(owner, **rule):
    return open_batch(owner=owner, site=owner.site, client_key=uuid.uuid4(), **rule)[0]


def add(batch, content: bytes, name: str = "films.zip") -> IncomingFile:
    return intake.add_local_file(batch=batch, name=name, stream=io.BytesIO(content))


def work() -> None:
    while intake.take_in_next():
        pass


def films(*numbers: int) -> bytes:
    return archive(*((f"all/{n}.png", FILMS[n]) for n in numbers))


def verdicts(batch) -> dict[str, str]:
    rows = batch.files.exclude(container=None)
    return {
        shown_name(batch.site_id, bytes(row.sealed_name)): row.outcome or row.error_code
        for row in rows
    }


def parts(settings) -> list:
    return list(settings.INTAKE_DIR.rglob("*.part"))


def test_members_are_stored(batch, settings):
    box = add(batch, films(0, 1, 2))
    work()

    box.refresh_from_db()
    assert (box.kind, box.status, box.outcome) == ("archive", "done", FileOutcome.EXPANDED)
    assert verdicts(batch) == {f"all/{n}.png": "created" for n in range(3)}
    assert Radiograph.objects.count() == 3
    assert parts(settings) == []


def test_each_member_has_its_own_verdict(batch, settings):
    content = archive(
        ("a.png", FILMS[0]), ("b.txt", b"text"), ("../c.png", FILMS[1]), ("inner.zip", films(2)),
        ("metadata.csv", b"a;b"), ("DICOMDIR", b"x"), ("d.png", FILMS[3]), (".DS_Store", b"x"),
    )  # fmt: skip
    add(batch, content)
    work()

    assert verdicts(batch) == {
        "a.png": "created", "b.txt": "not-an-image", "../c.png": "bad-name", "d.png": "created",
        "inner.zip": "member-archive", "metadata.csv": "member-table",
        "DICOMDIR": "dicom-directory",
    }  # fmt: skip
    assert parts(settings) == []


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (zips.bomb, "archive-bomb"),
        (zips.overlapping, "archive-bomb"),
        (lambda: zips.many(5001), "archive-many-files"),
        (lambda: archive(), "archive-empty"),
        (lambda: films(0)[:-20], "archive-damaged"),
    ],
)
def test_refused_archive_leaves_nothing(make, code, batch, settings):
    box = add(batch, make())
    work()

    box.refresh_from_db()
    assert (box.status, box.error_code, box.attempts) == ("failed", code, 1)
    assert IncomingFile.objects.count() == 1
    assert parts(settings) == []


def test_known_member_is_not_looked_at_again(batch, health_worker):
    add(batch, FILMS[0], "a.png")
    work()

    other = opened(health_worker)
    add(other, films(0, 1))
    work()

    assert verdicts(other) == {"all/0.png": "duplicate", "all/1.png": "created"}


def test_member_that_was_sent_as_a_file_too_is_one_row(batch):
    add(batch, FILMS[0], "all/0.png")
    add(batch, films(0, 1))
    work()

    assert batch.files.count() == 3
    assert Radiograph.objects.count() == 2


def test_two_files_of_one_name(batch):
    with pytest.warns(UserWarning, match="Duplicate name"):
        content = archive(("a.png", FILMS[0]), ("a.png", FILMS[1]))
    add(batch, content)
    work()

    assert batch.files.exclude(container=None).filter(outcome="created").count() == 2


def test_folder_in_the_archive_is_the_patient(health_worker):
    batch = opened(health_worker, patient_rule="folder")
    add(batch, archive(("x/P-1/a.png", FILMS[0]), ("Juan Pérez/b.png", FILMS[1])))
    work()

    assert Radiograph.objects.get().patient.code == "P-1"
    assert verdicts(batch)["Juan Pérez/b.png"] == "bad-patient-code"


def test_large_archive_goes_on_at_the_end_of_the_line(batch, monkeypatch):
    monkeypatch.setattr(expanding, "MEMBERS_AT_ONCE", 2)
    box = add(batch, films(0, 1, 2, 3, 4))

    intake.take_in(box.pk)

    box.refresh_from_db()
    assert (box.status, box.members_taken, box.attempts) == ("queued", 2, 0)
    assert batch.files.exclude(container=None).count() == 2
    work()
    assert Radiograph.objects.count() == 5


def test_killed_worker_is_continued_and_nothing_comes_twice(batch, monkeypatch, settings):
    box, add_rows, calls = add(batch, films(0, 1, 2)), expanding._add_rows, []

    def dies(*facts):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return add_rows(*facts)

    monkeypatch.setattr(expanding, "ROWS_AT_ONCE", 1)
    monkeypatch.setattr(expanding, "_add_rows", dies)
    with pytest.raises(KeyboardInterrupt):
        intake.take_in(box.pk)
    IncomingFile.objects.update(lease_until=None)
    work()

    assert batch.files.exclude(container=None).count() == 3
    assert Radiograph.objects.count() == 3
    assert parts(settings) == []


@pytest.mark.parametrize(
    "give_up",
    [
        lambda box: cancel_file(file=box),
        lambda box: cancel_batch(batch=box.batch),
        lambda box: delete_batch(batch=box.batch),
    ],
    ids=["file", "batch", "deleted"],
)
def test_archive_given_up_while_it_is_unpacked(
    give_up, batch, monkeypatch, settings, django_capture_on_commit_callbacks
):
    box, add_rows, calls = add(batch, films(0, 1, 2)), expanding._add_rows, []

    def given_up(*facts):
        calls.append(1)
        if len(calls) == 2:
            give_up(box)
        return add_rows(*facts)

    monkeypatch.setattr(expanding, "ROWS_AT_ONCE", 1)
    monkeypatch.setattr(expanding, "_add_rows", given_up)
    with django_capture_on_commit_callbacks(execute=True):
        intake.take_in(box.pk)
    work()

    assert len(calls) == 2
    assert not Radiograph.objects.exists()
    assert not IncomingFile.objects.exclude(status="cancelled").exists()
    assert parts(settings) == []


def test_members_are_written_together(batch, django_assert_max_num_queries):
    box = add(batch, films(0, 1, 2, 3, 4))

    with django_assert_max_num_queries(25):
        intake.take_in(box.pk)

    assert batch.files.exclude(container=None).count() == 5


@pytest.mark.parametrize("limit", ["MEMBERS_AT_ONCE", "ROWS_AT_ONCE", "BYTES_AT_ONCE"])
def test_members_come_in_the_order_of_the_archive_however_they_are_cut(limit, batch, monkeypatch):
    monkeypatch.setattr(expanding, limit, 2)
    box = add(batch, films(3, 0, 4, 1, 2))
    work()

    members = box.members.order_by("position")
    names = [shown_name(batch.site_id, bytes(row.sealed_name)) for row in members]
    assert names == [f"all/{n}.png" for n in (3, 0, 4, 1, 2)]
    assert [row.position for row in members] == [1, 2, 3, 4, 5]


def test_full_disk_midway_keeps_what_was_taken_out_before(batch, monkeypatch):
    box, written = add(batch, films(0, 1, 2)), spool.written
    inflated = iter([written, written])

    def full_at_the_third(*facts):
        if function := next(inflated, None):
            return function(*facts)
        raise StorageFull

    monkeypatch.setattr(spool, "written", full_at_the_third)
    intake.take_in(box.pk)

    box.refresh_from_db()
    assert (box.members_taken, box.error_code) == (2, StorageFull.code)
    assert box.members.filter(status="queued").count() == 2


def test_batch_that_is_full_takes_as_many_as_fit(batch, monkeypatch, settings):
    monkeypatch.setattr(expanding, "MAX_FILES", 3)
    box = add(batch, films(0, 1, 2, 3))
    work()

    box.refresh_from_db()
    assert (box.status, box.error_code) == ("failed", "batch-full")
    assert sorted(verdicts(batch).values()) == ["created"] * 2
    assert parts(settings) == []


def test_worker_that_lost_the_archive_leaves_the_bytes_to_the_next(batch, monkeypatch):
    box, written = add(batch, films(0, 1)), spool.written

    def taken_over(*facts):
        IncomingFile.objects.filter(pk=box.pk).update(owner="somebody-else")
        return written(*facts)

    monkeypatch.setattr(spool, "written", taken_over)
    intake.take_in(box.pk)

    box.refresh_from_db()
    assert (box.owner, box.members_taken) == ("somebody-else", 0)
    # The archive itself, and what the other worker may have written by now.
    assert len(spool.lengths(batch.pk)) == 3


def test_member_cannot_be_sent_again(batch):
    add(batch, archive(("b.txt", b"text"), ("a.png", FILMS[0])))
    work()

    with pytest.raises(Refused, match="cannot-retry"):
        retry(file=IncomingFile.objects.get(error_code="not-an-image"))


def test_archive_inside_a_film_limit(batch, settings):
    settings.MAX_RADIOGRAPH_BYTES = len(films(0, 1, 2)) - 1
    add(batch, films(0, 1, 2))
    work()

    assert Radiograph.objects.count() == 3


def test_bytes_of_members_are_private(batch, monkeypatch):
    box = add(batch, films(0))
    intake.take_in(box.pk)

    member = IncomingFile.objects.exclude(container=None).get()
    assert spool.path_of(batch.pk, member.pk).stat().st_mode & 0o777 == 0o600
