"""Folder, disk and port are looked at before anything is started."""

import shutil
import socket
from collections import namedtuple

import pytest

from config.start import place
from config.start.trouble import StartFailed

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def taken_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_missing_folder_is_made_for_its_owner_alone(tmp_path):
    place.ensure_folder(tmp_path / "a" / "data")
    assert (tmp_path / "a" / "data").stat().st_mode & 0o777 == 0o700


def test_the_probe_is_taken_away_again(tmp_path):
    place.ensure_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_is_one_sentence(tmp_path):
    (tmp_path / "data").write_text("")
    with pytest.raises(StartFailed, match=r"cannot be written \(file exists\): set DATA_DIR"):
        place.ensure_folder(tmp_path / "data")


def test_a_folder_without_rights_is_one_sentence(tmp_path, monkeypatch):
    def refuse(path, data):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.write_bytes", refuse)  # root writes everywhere
    with pytest.raises(StartFailed, match="permission denied"):
        place.ensure_folder(tmp_path)


def test_a_disk_with_little_room_is_told_in_megabytes(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, 7 * 1024 * 1024))
    with pytest.raises(StartFailed, match="7 MB left and 300 MB are needed"):
        place.ensure_room(tmp_path, place.ROOM_TO_PREPARE)


def test_enough_room_passes(tmp_path):
    place.ensure_room(tmp_path, 1)


def test_a_taken_port_names_the_next_one(taken_port):
    with pytest.raises(StartFailed, match=f"Port {taken_port} .* PORT={taken_port + 1}"):
        place.ensure_port_free("127.0.0.1", taken_port)


def test_a_free_port_is_let_go_again(taken_port):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place.ensure_port_free("127.0.0.1", port)
    place.ensure_port_free("127.0.0.1", port)


def test_an_unknown_host_is_one_sentence():
    with pytest.raises(StartFailed, match="look at HOST and PORT"):
        place.ensure_port_free("no.such.host.invalid", 8000)


@pytest.mark.parametrize("port", [0, -1, 65536, 70000])
def test_a_number_that_is_no_port_is_one_sentence(port):
    with pytest.raises(StartFailed, match=f"PORT={port} is no port"):
        place.ensure_port_free("127.0.0.1", port)


def test_one_folder_serves_one_start(tmp_path):
    second = place.only_start_of(tmp_path)
    with place.only_start_of(tmp_path), pytest.raises(StartFailed, match="already running"):
        second.__enter__()


def test_the_folder_is_free_again_afterwards(tmp_path):
    with place.only_start_of(tmp_path):
        pass
    with place.only_start_of(tmp_path):
        assert [path.name for path in (tmp_path / "run").iterdir()] == ["up.lock"]
