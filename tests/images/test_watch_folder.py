"""`manage.py watch_folder`: what appears in a folder goes in and is put away."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from images.models import IncomingFile, Radiograph
from images.services import intake
from images.sources.delivery import Delivery
from images.sources.folder import SettledFiles
from images.sources.watching import WatchedFolder
from tests.factories import chest_png

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "from-the-modality"
    place.mkdir()
    return place


@pytest.fixture
def watch(folder, health_worker):
    """`watch(afterwards) -> WatchedFolder`; `rounds` looks and lets the worker work in turns."""

    def start(afterwards: str = "keep") -> WatchedFolder:
        delivery = Delivery(source=str(folder), site=health_worker.site, sender=health_worker)
        return WatchedFolder(delivery, SettledFiles(folder, quiet=1.0), afterwards)

    return start


def rounds(watched: WatchedFolder, count: int = 3) -> WatchedFolder:
    for now in range(count):
        watched.look(float(now))
        while intake.take_in_next():
            pass
    watched.look(float(count))
    return watched


def names(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_a_film_is_stored(folder, watch):
    (folder / "a.png").write_bytes(chest_png(1))
    watched = rounds(watch())
    assert Radiograph.objects.count() == 1
    assert (watched.counts, watched.is_idle) == ({"created": 1}, True)


def test_kept_files_stay(folder, watch):
    (folder / "a.png").write_bytes(chest_png(1))
    (folder / "b.png").write_bytes(b"nothing")
    rounds(watch("keep"))
    assert names(folder) == {"a.png", "b.png"}


def test_moved_files_tell_what_became_of_them(folder, watch):
    (folder / "day").mkdir()
    (folder / "day" / "a.png").write_bytes(chest_png(1))
    (folder / "b.png").write_bytes(b"nothing")
    rounds(watch("move"))
    assert names(folder) == {"taken-in/day/a.png", "refused/b.png", "refused/b.png.why.txt"}
    assert "PNG" in (folder / "refused" / "b.png.why.txt").read_text()


def test_a_refused_file_takes_no_other_one_s_place(folder, watch):
    watched = watch("move")
    for content in (b"nothing", b"nothing else"):
        (folder / "b.png").write_bytes(content)
        rounds(watched)
    assert {"refused/b.png", "refused/b (2).png"} <= names(folder)


def test_stored_files_are_deleted_and_refused_ones_are_not(folder, watch):
    (folder / "a.png").write_bytes(chest_png(1))
    (folder / "b.png").write_bytes(b"")
    rounds(watch("delete"))
    assert names(folder) == {"refused/b.png", "refused/b.png.why.txt"}


def test_what_is_here_already_is_a_duplicate(folder, watch):
    for name in ("a.png", "b.png"):
        (folder / name).write_bytes(chest_png(1))
    assert rounds(watch("move")).counts == {"created": 1, "duplicate": 1}


def test_a_second_start_adds_nothing(folder, watch):
    (folder / "a.png").write_bytes(chest_png(1))
    rounds(watch())
    rounds(watch())
    assert (IncomingFile.objects.count(), Radiograph.objects.count()) == (1, 1)


def test_a_batch_that_its_owner_closed_is_followed_by_another(folder, watch):
    watched = watch()
    batch = watched.delivery.batch()
    batch.status = "cancelled"
    batch.save()
    (folder / "a.png").write_bytes(chest_png(1))
    rounds(watched)
    assert Radiograph.objects.count() == 1


def test_a_file_that_may_not_be_read_is_counted_and_not_named(folder, watch, caplog, monkeypatch):
    (folder / "perez-juan.png").write_bytes(chest_png(1))
    watched = watch()

    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(watched.delivery, "add_path", refuse)
    rounds(watched)
    assert watched.counts == {"unreadable": 1}
    assert "perez" not in caplog.text


def command(folder, person, *options: str) -> str:
    said = io.StringIO()
    call_command(
        "watch_folder", str(folder), "--quiet-seconds", "0", *options, stdout=said,
        site=person.site.code, user=person.email,
    )  # fmt: skip
    return said.getvalue()


def test_once_ends_when_all_have_their_verdict(folder, health_worker):
    (folder / "b.png").write_bytes(b"")
    assert "refused=1" in command(folder, health_worker, "--once")


@pytest.mark.parametrize(
    "options", [("--patient", "one"), ("--patient", "one", "--patient-code", "Juan Pérez")]
)
def test_a_bad_patient_code_is_said_at_the_start(folder, health_worker, options):
    with pytest.raises(CommandError):
        command(folder, health_worker, "--once", *options)


def test_a_missing_folder_is_said(folder, health_worker):
    with pytest.raises(CommandError, match="nowhere"):
        command(folder / "nowhere", health_worker)


def test_a_sender_of_another_institution_is_refused(folder, health_worker, stranger):
    with pytest.raises(CommandError):
        call_command(
            "watch_folder", str(folder), "--once", site=health_worker.site.code, user=stranger.email
        )
