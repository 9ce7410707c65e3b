"""torchvision comes in beside the CPU build of torch; nobody else imports it."""

import re
import subprocess
import sys
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)


def test_architectures_are_there():
    from inference.ml.vision import torchvision

    assert callable(torchvision.models.vgg16)


def test_a_fresh_interpreter_can_import_it():
    script = (
        "from inference.ml.vision import torchvision as t; print(t.models.VGG16_Weights.DEFAULT)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "VGG16_Weights.IMAGENET1K_V1", done.stderr


def test_another_failure_of_the_import_is_not_hidden(monkeypatch):
    import pytest

    from inference.ml import vision

    def broken(name):
        raise RuntimeError("something else")

    monkeypatch.setattr(vision.importlib, "import_module", broken)
    with pytest.raises(RuntimeError, match="something else"):
        vision._import_torchvision()


def test_only_one_module_imports_torchvision():
    pattern = re.compile(r"^\s*(import|from) torchvision", re.MULTILINE)
    rooms = [ROOT / "inference", ROOT / "retraining"]
    found = [p for room in rooms for p in room.rglob("*.py") if pattern.search(p.read_text())]
    assert found == []
