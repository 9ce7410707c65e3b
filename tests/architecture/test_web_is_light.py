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
HEAVY = {"torch", "torchvision", "ncnn", "sklearn", "onnx", "boto3"}
OF_THE_WEB = ("tasks", "services", "worker", "api", "views")


def modules_of(name: str) -> list[str]:
    """`inference.tasks`, and the modules of that package where it is one."""
    base = Path(settings.BASE_DIR)
    apps = [
        base / app for app in ("accounts", "images", "inference", "news", "reading", "retraining")
    ]
    apps.append(base / "platform" / "core")
    single = [f"{app.name}.{name}" for app in apps if (app / f"{name}.py").exists()]
    return single + [f"{a.name}.{name}.{p.stem}" for a in apps for p in (a / name).glob("[!_]*.py")]


@pytest.mark.slow
def test_the_web_process_has_no_torch():
    modules = ["config.urls", "config.wsgi"]
    for name in OF_THE_WEB:
        modules += modules_of(name)
    assert {"core.tasks", "inference.tasks.predict", "inference.services.work"} <= set(modules)
    code = IMPORT.format(modules=modules, heavy=HEAVY)
    finished = subprocess.run(
        [sys.executable, "-c", code], cwd=settings.BASE_DIR, capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stderr[-2000:]
