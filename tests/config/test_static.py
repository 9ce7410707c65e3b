"""Static files are collected when something changed, and only then."""

from pathlib import Path

import pytest

from config.start import static


@pytest.fixture
def one_file(settings, tmp_path):
    settings.STATICFILES_DIRS = [tmp_path / "sources"]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = tmp_path / "collected"
    source = tmp_path / "sources" / "page.css"
    source.parent.mkdir()
    source.write_text("body { color: teal }")
    return source


def collected(settings):
    return {path.name for path in Path(settings.STATIC_ROOT).iterdir()}


def test_files_are_collected(one_file, settings):
    assert static.collect()
    assert "page.css" in collected(settings)


def test_nothing_happens_when_nothing_changed(one_file):
    static.collect()
    assert not static.collect()


def test_a_changed_file_is_collected_again(one_file):
    static.collect()
    one_file.write_text("body { color: indigo }")
    assert static.collect()


def test_a_removed_file_leaves_the_collection(one_file, settings):
    static.collect()
    one_file.rename(one_file.with_name("other.css"))
    static.collect()
    assert "page.css" not in collected(settings)


def test_an_interrupted_collection_is_taken_up_again(one_file, settings):
    static.collect()
    (Path(settings.STATIC_ROOT) / static.STAMP).unlink()
    assert static.collect()
