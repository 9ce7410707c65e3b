"""A small deterministic extractor and whole artifacts with untrained heads."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from inference import worker
from inference.ml.extractor import VGG16_BLOCK5

LIMITS = ({"es": "Solo para investigar.", "en": "For research only."},)
METRICS = {
    "n": 181,
    "positives": 22,
    "metrics": {"sensitivity": 0.9, "specificity": 0.97},
    "intervals": {"sensitivity": [0.8, 0.95], "specificity": [0.94, 0.99]},
}


class SmallEngine:
    """The interface of `inference.ml.engine.Engine`; features are noise seeded by the pixels."""

    spec = VGG16_BLOCK5

    def __init__(self):
        self.calls = 0

    def features(self, radiographs):
        rows = [self._one(radiograph) for radiograph in radiographs]
        return np.stack(rows)

    def _one(self, radiograph):
        self.calls += 1
        seed = int.from_bytes(hashlib.sha256(radiograph.array.tobytes()).digest()[:8], "big")
        return np.random.default_rng(seed).random(self.spec.dimensions).astype(np.float16)


@pytest.fixture
def small_engine(monkeypatch) -> SmallEngine:
    engine = SmallEngine()
    monkeypatch.setattr(worker, "engine", lambda: engine)
    return engine


@pytest.fixture(scope="session")
def make_artifact(tmp_path_factory) -> Callable[..., Path]:
    """`make_artifact("2", target=...) -> Path`: a whole artifact with an untrained head."""
    folder = tmp_path_factory.mktemp("artifacts")

    def make(version: str = "1", **changes) -> Path:
        import torch

        from inference.ml.artifact import save
        from inference.ml.heads import build_head

        directory = folder / hashlib.sha256(repr((version, changes)).encode()).hexdigest()[:12]
        if not directory.exists():
            torch.manual_seed(len(version) + ord(version[0]))
            manifest = manifest_of(version, **changes)
            head = build_head("covid-xr-c", VGG16_BLOCK5.dimensions, len(manifest.classes))
            save(directory, manifest, head)
        return directory

    return make


def manifest_of(version: str, **changes):
    from inference.ml.manifest import Manifest

    facts = {
        "target": "covid-19",
        "name": "untrained",
        "version": version,
        "architecture": "covid-xr-c",
        "extractor": VGG16_BLOCK5.code,
        "extractor_weights_sha256": VGG16_BLOCK5.weights_sha256,
        "preprocessing_version": VGG16_BLOCK5.preprocessing_version,
        "classes": ("no-covid-19", "covid-19"),
        "positive": "covid-19",
        "threshold": 0.5,
        "temperature": 1.0,
        "metrics": METRICS,
        "training": {},
        "limits": LIMITS,
        "created": "2026-01-01",
    }
    return Manifest(**(facts | changes))
