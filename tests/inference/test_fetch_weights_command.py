"""`manage.py fetch_weights`: thin words around inference.ml.weights.fetch."""

from io import StringIO

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
