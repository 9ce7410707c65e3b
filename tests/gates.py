"""A small gate with made-up directions, for tests that have no radiographs."""

from pathlib import Path

import numpy as np

from inference.ml.extractor import VGG16_BLOCK5
from inference.ml.gate import COMPONENTS, DESCRIBED, SMALL, Gate, described, save_gate
from inference.ml.gate_manifest import GateManifest


def features_of(seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.random(VGG16_BLOCK5.dimensions).astype(np.float16)


def gate_manifest(**changes) -> GateManifest:
    facts = {
        "version": "made-up",
        "extractor": VGG16_BLOCK5.code,
        "extractor_weights_sha256": VGG16_BLOCK5.weights_sha256,
        "preprocessing_version": VGG16_BLOCK5.preprocessing_version,
        "similarity_floor": 0.2,
        "score_floor": 0.5,
        "distance_limit": 5000.0,
        "steepness": 10.0,
        "training": {},
        "metrics": {},
        "created": "2026-01-01",
    }
    return GateManifest(**(facts | changes))


def gate_weights() -> dict[str, np.ndarray]:
    """Centred on the features of seed 0; the basis lies column by column, as eigenvectors do."""
    random = np.random.default_rng(0)
    directions, _ = np.linalg.qr(random.normal(size=(DESCRIBED, COMPONENTS)))
    return {
        "mean_radiograph": np.tile(np.linspace(0, 1, SMALL), (SMALL, 1)),
        "centre": described(features_of(0)[None])[0],
        "basis": directions.T,
        "variances": np.full(COMPONENTS + 1, 1e-5),
    }


def make_gate(folder: Path, **changes) -> Gate:
    return save_gate(folder, gate_manifest(**changes), gate_weights())
