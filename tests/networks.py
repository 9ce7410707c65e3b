"""Models beside VGG16's heads: networks that bring their own extractor, and shared ones on torch.

Their numbers are drawn, not trained: what matters is that the same ones answer everywhere.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from inference.ml.extractor import EXTRACTORS
from tests.engines import manifest_of

OWN, SHARED = "cnn-64", "mobilenet-v3-large"
SHARED_SHA256 = "5" * 64
UNDECIDED = {"error_rate": 0.1, "quantiles": {"no-covid-19": 1.0, "covid-19": 1.0}}


@pytest.fixture
def own_network(tmp_path) -> Callable[..., Path]:
    """`own_network("2", conformal=...) -> Path`: an artifact that brings a 64x64 network."""
    return lambda version="own-1", **changes: _artifact(tmp_path / version, OWN, version, changes)


@pytest.fixture
def on_shared(tmp_path) -> Callable[..., Path]:
    """`on_shared("2") -> Path`: an artifact whose head reads a MobileNet v3."""
    return lambda version="shared-1", **changes: _artifact(
        tmp_path / version, SHARED, version, changes
    )


@pytest.fixture
def shared_weights(monkeypatch) -> None:
    """The weights of the shared extractor are on this machine."""
    import torch

    from inference import worker
    from inference.ml import extractor_weights
    from inference.ml.backbones import build_backbone
    from inference.ml.torch_backbone import TorchBackbone

    def load(code, folder, sha256=""):
        torch.manual_seed(1)
        spec = replace(EXTRACTORS[code], weights_sha256=SHARED_SHA256)
        return TorchBackbone(spec, build_backbone(code))

    monkeypatch.setattr(extractor_weights, "load_extractor", load)
    worker._shared.cache_clear()
    yield
    worker._shared.cache_clear()


def _artifact(folder: Path, extractor: str, version: str, changes: dict) -> Path:
    import torch

    from inference.ml.artifact import save
    from inference.ml.backbones import build_backbone
    from inference.ml.heads import build_head

    torch.manual_seed(7)
    spec = EXTRACTORS[extractor]
    facts = {
        "architecture": "logistic",
        "extractor": extractor,
        "extractor_weights_sha256": "" if spec.travels else SHARED_SHA256,
        "preprocessing_version": spec.preprocessing_version,
    }
    manifest = manifest_of(version, **(facts | changes))
    head = build_head("logistic", spec.dimensions, 2)
    backbone = build_backbone(extractor).eval().state_dict() if spec.travels else None
    save(folder, manifest, head, backbone)
    return folder
