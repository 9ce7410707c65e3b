"""Files that are whole or absent."""

import os
from pathlib import Path

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile

from images.storage import DurableFileSystemStorage, folders_synced_once
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
    monkeypatch.setattr("images.storage.sync_folder", forced.append)
    store.save("ab/first.png", ContentFile(b"pixels"))
    forced.clear()
    with folders_synced_once():
        for name in ("ab/1.png", "ab/2.png", "ab/3.png"):
            store.save(name, ContentFile(b"pixels"))
        assert forced == []
    assert forced == [Path(store.path("ab"))]


def test_names_cannot_leave_the_folder(store):
    with pytest.raises(SuspiciousFileOperation):
        store.save("../film.png", ContentFile(b"pixels"))
