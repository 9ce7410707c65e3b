"""A small deterministic extractor and whole artifacts with untrained heads."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from inference import gate, worker
from inference.ml.extractor import VGG16_BLOCK5, BatchLimits, EngineFacts
from inference.ml.gate import Verdict
from inference.ml.pending import Ready
from inference.ml.preprocess import preprocess
from tests.servers import unavailable

LIMITS = ({"es": "Solo para investigar.", "en": "For research only."},)
METRICS = {
    "n": 181,
    "positives": 22,
    "metrics": {"sensitivity": 0.9, "specificity": 0.97},
    "intervals": {"sensitivity": [0.8, 0.95], "specificity": [0.94, 0.99]},
}


# What the kernels of `winograd` are compiled for; a processor has the first, or the first two, ...
METHODS = ("avx2", "avx512", "amx")


def native_extractor(weights_path: Path, method: str, **asked):
    """Skipped where the processor is another; a library that was not built is a failure in CI."""
    from inference.ml import native_library
    from inference.ml.native_extractor import NativeExtractor

    try:
        native_library.best_method(method)
    except native_library.NoNativeLibrary as reason:
        is_built = any(native_library.FOLDER.glob("_vgg*.so"))
        pytest.skip(str(reason)) if is_built else unavailable(str(reason))
    return NativeExtractor(weights_path, method=method, **asked)


class SmallEngine:
    """The interface of `inference.ml.engine.Engine`; features are noise seeded by the input."""

    spec = VGG16_BLOCK5
    facts = EngineFacts(name="small", device="cpu", precision="fp32", version="1")
    limits = BatchLimits(rows=4, patience=0.0)

    def __init__(self):
        self.batches = []

    @property
    def calls(self) -> int:
        """How many radiographs it saw."""
        return sum(self.batches)

    def features(self, radiographs):
        return self.features_of(np.stack([preprocess(r.array, r.low, r.high) for r in radiographs]))

    def features_of(self, inputs):
        self.batches.append(len(inputs))
        return np.stack([self._one(row) for row in inputs])

    def begin(self, inputs):
        return Ready(self.features_of(inputs))

    def before_pooling(self, single):
        """Pooling them gives the features of the same input."""
        features = self._one(single).astype(np.float32).reshape(self.spec.shape)
        return features.repeat(2, axis=1).repeat(2, axis=2)

    def _one(self, row):
        seed = int.from_bytes(hashlib.sha256(row.tobytes()).digest()[:8], "big")
        return np.random.default_rng(seed).random(self.spec.dimensions).astype(np.float16)


class OpenGate:
    """A gate that lets everything pass: the pictures of most tests are noise."""

    version = "open"

    def judge(self, grey, features):
        return self.verdict(similarity=0.5, score=0.9)

    def verdict(self, similarity, score):
        return Verdict(similarity, score, passes=True)


class ClosedGate:
    """A gate that stops everything."""

    version = "closed"

    def judge(self, grey, features):
        return Verdict(similarity=-0.2, score=0.1, passes=False)


@pytest.fixture
def small_engine(monkeypatch) -> SmallEngine:
    engine = SmallEngine()
    monkeypatch.setattr(worker, "engine", lambda: engine)
    monkeypatch.setattr(gate, "shipped_gate", OpenGate)
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
