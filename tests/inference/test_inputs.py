"""What the network sees of a radiograph: handed over by the upload, or read from its file."""

import os
import time
from pathlib import Path

import numpy as np
import pytest

from core.errors import PermanentError
from images.models import Radiograph
from images.radiograph import RadiographPixels
from inference import inputs, reasons
from inference.inputs import LEFTOVER_SECONDS, InputReader
from tests.factories import chest_array, make_radiograph


@pytest.fixture
def pixels() -> RadiographPixels:
    return RadiographPixels.eight_bit(chest_array(1))


def handed_over(settings) -> list[Path]:
    return list(Path(settings.INPUTS_DIR).glob("*"))


def test_an_upload_hands_its_input_over_once_it_is_committed(
    site, settings, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        radiograph = make_radiograph(site=site)
        assert handed_over(settings) == []
    assert [path.stem for path in handed_over(settings)] == [radiograph.pk.hex]


def test_what_was_handed_over_is_what_the_file_gives(radiograph, pixels):
    from_file = inputs.input_of(radiograph)
    inputs.hand_over(radiograph.pk, pixels)
    handed = inputs.input_of(radiograph)
    assert np.array_equal(handed.grey, from_file.grey)
    assert set(from_file.stages) == {"fetch", "decode", "preprocess"}
    assert set(handed.stages) == {"fetch"}


@pytest.mark.parametrize("damage", [lambda c: c[:-1], lambda c: c[:100] + b"x" + c[101:]])
def test_a_damaged_hand_over_is_not_believed(radiograph, pixels, settings, damage):
    inputs.hand_over(radiograph.pk, pixels)
    (path,) = handed_over(settings)
    path.write_bytes(damage(path.read_bytes()))
    assert "decode" in inputs.input_of(radiograph).stages


def test_what_is_handed_over_is_private(radiograph, pixels, settings):
    inputs.hand_over(radiograph.pk, pixels)
    (path,) = handed_over(settings)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.parametrize(("of", "name"), [(os, "open"), (Path, "replace")])
def test_a_full_disk_costs_no_upload(of, name, radiograph, pixels, settings, monkeypatch):
    """Neither at the beginning nor at the end, and nothing is left in half."""

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as now:
        now.setattr(of, name, full)
        inputs.hand_over(radiograph.pk, pixels)
    assert handed_over(settings) == []


def test_a_deleted_radiograph_leaves_no_input(
    radiograph, pixels, settings, django_capture_on_commit_callbacks
):
    inputs.hand_over(radiograph.pk, pixels)
    with django_capture_on_commit_callbacks(execute=True):
        radiograph.delete()
    assert handed_over(settings) == []


def test_leftovers_go_after_an_hour(radiograph, pixels, settings):
    inputs.hand_over(radiograph.pk, pixels)
    inputs.forget_leftovers()
    (path,) = handed_over(settings)
    past = time.time() - LEFTOVER_SECONDS - 1
    os.utime(path, (past, past))
    inputs.forget_leftovers()
    assert handed_over(settings) == []


def test_a_missing_file_is_told(radiograph):
    Path(radiograph.file.path).unlink()
    with pytest.raises(PermanentError) as told:
        inputs.input_of(radiograph)
    assert told.value.code == reasons.FILE_MISSING


def test_reading_ahead_reads_each_once(site, monkeypatch):
    radiographs = [make_radiograph(site=site, seed=seed) for seed in range(3)]
    read: list[Radiograph] = []
    real = inputs.input_of
    monkeypatch.setattr(inputs, "input_of", lambda row: read.append(row) or real(row))
    reader = InputReader()
    reader.read_ahead(radiographs)
    for future in reader.read(radiographs):
        assert future.result().grey.shape == (224, 224)
    assert sorted(row.pk for row in read) == sorted(row.pk for row in radiographs)


def test_a_trouble_is_told_where_it_is_asked_for(radiograph):
    Path(radiograph.file.path).unlink()
    reader = InputReader()
    reader.read_ahead([radiograph])
    with pytest.raises(PermanentError):
        reader.read([radiograph])[0].result()
