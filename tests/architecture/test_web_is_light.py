"""Torch stays out of web processes: addresses, tasks and services import without it."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

IMPORT = """
import importlib, sys
import django
django.setup()
for name in {modules!r}:
    importlib.import_module(name)
from config.celery import app
app.loader.import_default_modules()
sys.exit(",".join(sorted({heavy!r} & sys.modules.keys())) or 0)
"""
HEAVY = {"torch", "torchvision", "sklearn", "onnx"}


def modules_of(pattern: str) -> list[str]:
    base = Path(settings.BASE_DIR)
    apps = [base / name for name in ("accounts", "images", "inference", "news", "retraining")]
    apps.append(base / "platform" / "core")
    found = [path for app in apps for path in app.glob(pattern)]
    return [f"{path.parent.name}.{path.stem}" for path in found]


@pytest.mark.slow
def test_the_web_process_has_no_torch():
    modules = ["config.urls", "config.wsgi"]
    for name in ("tasks.py", "services.py", "worker.py", "api.py", "views.py"):
        modules += modules_of(name)
    assert "inference.tasks" in modules
    code = IMPORT.format(modules=modules, heavy=HEAVY)
    finished = subprocess.run(
        [sys.executable, "-c", code], cwd=settings.BASE_DIR, capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stderr[-2000:]
