"""Which files of a watched folder are taken for whole."""

from pathlib import Path

import pytest

from images.sources.folder import REFUSED, TAKEN_IN, SettledFiles


@pytest.fixture
def files(tmp_path: Path) -> SettledFiles:
    return SettledFiles(tmp_path, quiet=5.0)


def names(paths):
    return [path.name for path in paths]


def test_a_file_is_told_once_it_was_quiet_long_enough(files):
    (files.folder / "a.dcm").write_bytes(b"1")
    assert names(files.ready(0.0)) == []
    assert names(files.ready(4.9)) == []
    assert names(files.ready(5.0)) == ["a.dcm"]


def test_it_is_told_once(files):
    (files.folder / "a.dcm").write_bytes(b"1")
    list(files.ready(0.0))
    assert names(files.ready(5.0)) == ["a.dcm"]
    assert names(files.ready(50.0)) == []


def test_a_growing_file_waits(files):
    path = files.folder / "a.dcm"
    for second in range(10):
        path.write_bytes(b"1" * (second + 1))
        assert names(files.ready(float(second))) == []
    assert names(files.ready(14.0)) == ["a.dcm"]


def test_a_file_that_changed_afterwards_is_told_again(files):
    path = files.folder / "a.dcm"
    path.write_bytes(b"1")
    list(files.ready(0.0))
    list(files.ready(5.0))
    path.write_bytes(b"22")
    assert names(files.ready(6.0)) == []
    assert names(files.ready(11.0)) == ["a.dcm"]


def test_folders_are_looked_through(files):
    (files.folder / "study" / "series").mkdir(parents=True)
    (files.folder / "study" / "series" / "a.dcm").write_bytes(b"1")
    list(files.ready(0.0))
    assert names(files.ready(5.0)) == ["a.dcm"]


@pytest.mark.parametrize("name", [".hidden", "a.dcm.part", "a.TMP", "a.crdownload"])
def test_what_is_still_being_copied_is_left_alone(files, name):
    (files.folder / name).write_bytes(b"1")
    list(files.ready(0.0))
    assert names(files.ready(5.0)) == []


@pytest.mark.parametrize("folder", [TAKEN_IN, REFUSED, ".trash"])
def test_own_and_hidden_folders_are_left_alone(files, folder):
    (files.folder / folder).mkdir()
    (files.folder / folder / "a.dcm").write_bytes(b"1")
    list(files.ready(0.0))
    assert names(files.ready(5.0)) == []


def test_links_are_not_followed(files, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "secret.dcm").write_bytes(b"1")
    (files.folder / "link.dcm").symlink_to(elsewhere / "secret.dcm")
    (files.folder / "folder").symlink_to(elsewhere)
    list(files.ready(0.0))
    assert names(files.ready(5.0)) == []


def test_what_was_taken_away_is_forgotten(files):
    path = files.folder / "a.dcm"
    path.write_bytes(b"1")
    list(files.ready(0.0))
    path.unlink()
    assert names(files.ready(5.0)) == []
    assert files.unsettled == 0
