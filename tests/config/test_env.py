"""Readers of the environment: typed, with files for secrets, and one sentence when they fail."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (lambda: env.whole("SAMPLE", 1), "42", 42),
        (lambda: env.whole("SAMPLE", 1), "", 1),
        (lambda: env.flag("SAMPLE", default=False), "Yes", True),
        (lambda: env.flag("SAMPLE", default=True), "off", False),
        (lambda: env.words("SAMPLE", []), "a, b c", ["a", "b", "c"]),
        (lambda: env.choice("SAMPLE", "a", ("a", "b")), "b", "b"),
    ],
)
def test_values_are_read(monkeypatch, read, value, expected):
    monkeypatch.setenv("SAMPLE", value)
    assert read() == expected


@pytest.mark.parametrize(
    ("read", "value", "wanted"),
    [
        (lambda: env.whole("SAMPLE", 1), "many", "a whole number"),
        (lambda: env.flag("SAMPLE", default=False), "perhaps", "true or false"),
        (lambda: env.choice("SAMPLE", "a", ("a", "b")), "c", "a or b"),
    ],
)
def test_nonsense_is_one_sentence(monkeypatch, read, value, wanted):
    monkeypatch.setenv("SAMPLE", value)
    with pytest.raises(ImproperlyConfigured, match=f"SAMPLE must be {wanted}"):
        read()


def test_a_secret_comes_from_a_file(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("hidden\n")
    monkeypatch.setenv("SAMPLE_FILE", str(tmp_path / "secret"))
    assert env.text("SAMPLE") == "hidden"


def test_a_missing_secret_file_stops_the_start(monkeypatch, tmp_path):
    monkeypatch.setenv("SAMPLE_FILE", str(tmp_path / "none"))
    with pytest.raises(ImproperlyConfigured, match="SAMPLE_FILE cannot be read"):
        env.text("SAMPLE")


def test_a_kept_secret_is_made_once_and_is_private(tmp_path):
    file = tmp_path / "data" / "secret_key"
    key = env.kept_secret(file)
    assert len(key) > 50
    assert env.kept_secret(file) == key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["secret_key"]


def test_processes_that_start_together_share_one_secret(tmp_path):
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(lambda _: env.kept_secret(tmp_path / "key"), range(32)))
    assert len(keys) == 1


def test_an_empty_secret_file_of_a_full_disk_is_replaced(tmp_path):
    (tmp_path / "key").touch()
    assert len(env.kept_secret(tmp_path / "key")) > 50


def test_a_place_where_nothing_can_be_made_stops_the_start():
    with pytest.raises(ImproperlyConfigured, match="DATA_DIR"):
        env.kept_secret(Path("/proc/nowhere/secret_key"))
