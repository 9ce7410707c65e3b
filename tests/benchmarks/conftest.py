"""An extractor that costs nothing in place of the engines."""

import numpy as np
import pytest

from benchmarks import bare, runners
from inference.ml.extractor import VGG16_BLOCK5, BatchLimits, EngineFacts


class NoEngine:
    """Features are the mean of the input, everywhere."""

    spec = VGG16_BLOCK5
    facts = EngineFacts("none", "cpu", "fp32", "1")
    limits = BatchLimits(rows=2, patience=0.0)

    def extract(self, batch):
        means = batch.reshape(len(batch), -1).mean(axis=1) + 200
        return np.repeat(means[:, None], self.spec.dimensions, axis=1).astype(np.float32)


@pytest.fixture
def no_engine(monkeypatch, drawn_films):
    engine = NoEngine()
    monkeypatch.setattr(runners, "ours", lambda name="": engine)
    monkeypatch.setattr(bare, "run_apart", bare.run)
    return engine


@pytest.fixture
def drawn_films(monkeypatch, tmp_path):
    """Drawn films in a folder of the test's own, and no look at the data beside the checkout."""
    monkeypatch.setenv("COVIDXR_SHARED", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
