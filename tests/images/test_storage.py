"""Files that are whole or absent."""

import errno
import os
from pathlib import Path

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile

from images.errors import StorageFull
from images.storage import DurableFileSystemStorage, forced_together
from tests.images.conftest import files_below


@pytest.fixture
def store(tmp_path) -> DurableFileSystemStorage:
    return DurableFileSystemStorage(location=tmp_path / "films")


def test_reads_back_what_was_saved(store):
    name = store.save("ab/film.png", ContentFile(b"pixels"))
    with store.open(name) as file:
        assert (name, file.read()) == ("ab/film.png", b"pixels")


def test_nobody_else_may_read(store):
    name = store.save("ab/film.png", ContentFile(b"pixels"))
    modes = [Path(store.path(part)).stat().st_mode & 0o777 for part in (name, "ab", "")]
    assert modes == [0o600, 0o700, 0o700]


def test_never_overwrites(store):
    first = store.save("film.png", ContentFile(b"one"))
    second = store.save("film.png", ContentFile(b"two"))
    assert first != second
    assert store.open(first).read() == b"one"


def test_a_failure_half_way_leaves_nothing(store, tmp_path):
    class Breaks(ContentFile):
        def chunks(self, chunk_size=None):
            yield b"half"
            raise ValueError("the source broke")

    with pytest.raises(ValueError, match="source broke"):
        store.save("ab/film.png", Breaks(b""))
    assert files_below(tmp_path) == []


def test_file_and_folder_are_forced_to_the_disk(store, monkeypatch):
    forced = []
    fsync = os.fsync

    def noted(descriptor):
        forced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    monkeypatch.setattr("images.storage.os.fsync", noted)
    store.save("ab/film.png", ContentFile(b"pixels"))
    folder = store.path("ab")
    assert any(path.startswith(folder) and path.endswith(".part") for path in forced)
    assert forced[-1] == folder


def test_a_folder_of_many_files_is_forced_to_the_disk_once(store, monkeypatch):
    forced = []
    monkeypatch.setattr("images.durable.sync_folder", forced.append)
    store.save("ab/first.png", ContentFile(b"pixels"))
    forced.clear()
    with forced_together():
        for name in ("ab/1.png", "ab/2.png", "ab/3.png"):
            store.save(name, ContentFile(b"pixels"))
        assert forced == []
    assert forced == [Path(store.path("ab"))]


def test_files_of_a_block_are_there_at_its_end(store, tmp_path):
    with forced_together():
        names = [store.add(f"ab/{number}.png", bytes([number])) for number in range(5)]
        assert [path for path in files_below(tmp_path) if path.endswith(".png")] == []
    assert [store.open(name).read() for name in names] == [bytes([n]) for n in range(5)]
    assert len(files_below(tmp_path)) == 5


def test_each_file_of_a_block_is_on_the_disk_before_it_has_its_name(store, monkeypatch):
    done = []
    fsync, replace = os.fsync, os.replace

    def noted(descriptor):
        done.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    def renamed(part, target):
        done.append((Path(part).name, Path(target).name))
        replace(part, target)

    with forced_together():
        store.add("ab/1.png", b"one")
        store.add("ab/2.png", b"two")
        monkeypatch.setattr("images.storage.os.fsync", noted)
        monkeypatch.setattr("images.durable.os.replace", renamed)
    first, (was_first, one), second, (was_second, two), folder = done
    assert (first, second) == (was_first, was_second)
    assert (one, two, folder) == ("1.png", "2.png", "ab")


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_a_disk_that_is_full_at_the_end_of_a_block_leaves_no_half(
    failing, store, tmp_path, monkeypatch
):
    """Files that came under their names before it are the caller's, who knows them."""
    forced = []

    def full(descriptor):
        forced.append(descriptor)
        if len(forced) == failing:
            raise OSError(errno.ENOSPC, "no space")

    def add_three():
        with forced_together():
            for number in (1, 2, 3):
                store.add(f"ab/{number}.png", b"pixels")
            monkeypatch.setattr("images.storage.os.fsync", full)

    with pytest.raises(StorageFull):
        add_three()
    assert files_below(tmp_path) == [f"{done}.png" for done in range(1, failing)]


def test_what_fails_inside_of_a_block_leaves_nothing(store, tmp_path):
    def fail():
        with forced_together():
            store.add("ab/1.png", b"pixels")
            raise ValueError("of the caller")

    with pytest.raises(ValueError, match="of the caller"):
        fail()
    assert files_below(tmp_path) == []
    assert store.add("ab/2.png", b"pixels") == "ab/2.png"
    assert files_below(tmp_path) == ["2.png"]


def test_a_block_of_more_files_than_may_be_open(store, tmp_path, monkeypatch):
    monkeypatch.setattr("images.durable.MOST_OPEN", 3)
    with forced_together():
        for number in range(8):
            store.add(f"ab/{number}.png", b"pixels")
    assert len(files_below(tmp_path)) == 8


def test_names_cannot_leave_the_folder(store):
    with pytest.raises(SuspiciousFileOperation):
        store.save("../film.png", ContentFile(b"pixels"))
