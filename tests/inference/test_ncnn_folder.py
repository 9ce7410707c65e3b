"""A converted network is made once, whole or not at all, and never trusted unseen."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
from django.conf import settings

from inference.ml import ncnn_folder
from inference.ml.extractor import VGG16_BLOCK5
from inference.ml.ncnn_folder import BINARY, MANIFEST, PARAM, NcnnFiles, kept


class Converter:
    """Counts how often it was asked."""

    def __init__(self):
        self.calls = 0

    def __call__(self) -> NcnnFiles:
        self.calls += 1
        return NcnnFiles("layers\n", [b"numbers", b" and more"])


@pytest.fixture
def convert():
    return Converter()


@pytest.fixture
def model(tmp_path, convert):
    """The folder of a network that was converted a moment ago."""
    return kept(tmp_path, VGG16_BLOCK5, convert)


def left_in(folder):
    """All but the lock file, which stays."""
    return [path for path in folder.iterdir() if path.suffix != ".lock"]


def content(model):
    return {path.name: path.read_bytes() for path in model.iterdir()}


def test_the_files_are_there(model):
    assert content(model)[PARAM] == b"layers\n"
    assert content(model)[BINARY] == b"numbers and more"


def test_the_manifest_names_the_extractors_numbers(model):
    stated = json.loads((model / MANIFEST).read_text())
    assert stated["weights_sha256"] == VGG16_BLOCK5.weights_sha256


def test_the_second_start_converts_nothing(model, tmp_path, convert):
    assert kept(tmp_path, VGG16_BLOCK5, convert) == model
    assert convert.calls == 1


@pytest.mark.parametrize("name", [PARAM, BINARY, MANIFEST])
@pytest.mark.parametrize("damage", [lambda p: p.write_bytes(b"torn"), lambda p: p.unlink()])
def test_a_damaged_file_is_made_again(model, tmp_path, convert, name, damage):
    whole = content(model)
    damage(model / name)
    assert content(kept(tmp_path, VGG16_BLOCK5, convert)) == whole
    assert convert.calls == 2


def test_numbers_of_another_extractor_are_not_used(model, tmp_path, convert):
    kept(tmp_path, replace(VGG16_BLOCK5, weights_sha256="0" * 64), convert)
    assert convert.calls == 2


def test_work_of_another_converter_is_not_used(model, tmp_path, convert, monkeypatch):
    monkeypatch.setattr(ncnn_folder, "CONVERTER", "covid-xr-ncnn-2")
    kept(tmp_path, VGG16_BLOCK5, convert)
    assert convert.calls == 2


def test_what_a_killed_process_left_is_cleared_away(tmp_path, convert):
    part = tmp_path / f".{VGG16_BLOCK5.code}-ncnn.part"
    part.mkdir()
    (part / BINARY).write_bytes(b"half")
    model = kept(tmp_path, VGG16_BLOCK5, convert)
    assert left_in(tmp_path) == [model]


def test_a_full_disk_leaves_nothing(tmp_path, convert, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ncnn_folder.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        kept(tmp_path, VGG16_BLOCK5, convert)
    assert left_in(tmp_path) == []


def test_a_conversion_that_fails_leaves_nothing(tmp_path):
    def pieces():
        yield b"the first"
        raise MemoryError

    with pytest.raises(MemoryError):
        kept(tmp_path, VGG16_BLOCK5, lambda: NcnnFiles("layers\n", pieces()))
    assert left_in(tmp_path) == []


TWO = """
import sys
from pathlib import Path
from inference.ml.extractor import VGG16_BLOCK5
from inference.ml.ncnn_folder import NcnnFiles, kept

def convert():
    print("converts", flush=True)
    sys.stdin.readline()
    return NcnnFiles("layers", [b"numbers"] * 1000)

print(kept(Path(sys.argv[1]), VGG16_BLOCK5, convert))
"""


def start(folder):
    return subprocess.Popen(
        [sys.executable, "-c", TWO, str(folder)],
        cwd=settings.BASE_DIR, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip


def test_of_two_processes_one_converts_and_both_are_served(tmp_path):
    first = start(tmp_path)
    assert first.stdout.readline() == "converts\n"
    second = start(tmp_path)  # while the first one holds the folder
    told = [process.communicate("go on\n")[0] for process in (first, second)]
    place = tmp_path / "vgg16-block5-ncnn"
    assert told == [f"{place}\n", f"{place}\n"]
    assert left_in(tmp_path) == [place]


def test_the_lock_of_a_killed_process_is_nobodys(tmp_path, convert):
    killed = start(tmp_path)
    killed.stdout.readline()
    killed.kill()
    killed.communicate()
    kept(tmp_path, VGG16_BLOCK5, convert)
    assert convert.calls == 1
