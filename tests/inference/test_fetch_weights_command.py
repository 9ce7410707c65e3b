"""`manage.py fetch_weights`: thin words around inference.ml.weights.fetch."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from inference import worker
from inference.management.commands import fetch_weights
from inference.ml.errors import WeightsUnavailable
from tests.development import vgg16_weights


@pytest.fixture(autouse=True)
def own_place(settings, tmp_path):
    settings.WEIGHTS_DIR, settings.VGG16_WEIGHTS = tmp_path / "weights", ""


def test_a_named_file_is_verified_and_kept(settings):
    settings.VGG16_WEIGHTS = str(vgg16_weights())
    out = StringIO()
    call_command("fetch_weights", stdout=out)
    assert worker.fetched_weights().is_file()
    assert worker.weights_path() == worker.fetched_weights()
    assert "verified" in out.getvalue()


def test_when_no_source_helps_it_fails_in_one_line(monkeypatch):
    def nothing(*_):
        raise WeightsUnavailable("first\nsecond")

    monkeypatch.setattr(fetch_weights, "fetch", nothing)
    with pytest.raises(CommandError) as refusal:
        call_command("fetch_weights")
    assert "\n" not in str(refusal.value)


def test_a_full_disk_is_told_in_one_line(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fetch_weights, "fetch", full)
    with pytest.raises(CommandError, match="No space left"):
        call_command("fetch_weights")


def test_another_extractor_is_fetched_by_its_name(monkeypatch, settings, tmp_path):
    asked = []
    monkeypatch.setattr(fetch_weights, "fetch_extractor", lambda *facts: asked.append(facts[:3]))
    call_command("fetch_weights", "--extractor", "resnet-50", "--file", "resnet50.pth")
    assert asked == [("resnet-50", settings.WEIGHTS_DIR, Path("resnet50.pth"))]


def test_an_absent_extractor_is_named_in_one_line(monkeypatch):
    def nothing(*_):
        raise WeightsUnavailable("first\nsecond")

    monkeypatch.setattr(fetch_weights, "fetch_extractor", nothing)
    with pytest.raises(CommandError, match="No source gave the resnet-50 weights"):
        call_command("fetch_weights", "--extractor", "resnet-50")


@pytest.mark.parametrize("code", ["cnn-64", "vgg99"])
def test_networks_that_are_not_shared_cannot_be_fetched(code):
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("fetch_weights", "--extractor", code)
