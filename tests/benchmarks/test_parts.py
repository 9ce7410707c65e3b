"""Each part runs, on next to nothing: that they run is all that is asked here."""

import numpy as np
import pytest

from benchmarks import cache, decode, engines, films, gpu, growth, peers, throughput
from benchmarks.onnx_graph import BLOCKS, vgg16_onnx
from tests.development import vgg16_weights


@pytest.fixture(scope="module")
def random_weights():
    channels = iter([64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512])
    before, state = 3, {}
    for place in (place for block in BLOCKS for place in block):
        after = next(channels)
        state[f"features.{place}.weight"] = np.full((after, before, 3, 3), 1e-3, np.float32)
        state[f"features.{place}.bias"] = np.zeros(after, np.float32)
        before = after
    return state


def test_the_onnx_graph_has_the_shapes_of_the_network(random_weights):
    import onnx

    inferred = onnx.shape_inference.infer_shapes(
        onnx.load_from_string(vgg16_onnx(random_weights)), strict_mode=True
    )
    shapes = {
        value.name: [side.dim_value or side.dim_param for side in value.type.tensor_type.shape.dim]
        for value in inferred.graph.value_info
    }
    assert shapes["pool4"] == ["n", 512, 14, 14]


def test_operations_are_those_of_the_paper(random_weights):
    # 15.35 billion multiplications, each with an addition.
    assert gpu.operations(random_weights) == pytest.approx(30.69e9, rel=1e-3)


def test_peers(monkeypatch, no_engine):
    fakes = dict.fromkeys((*peers.PEERS, peers.OURS), no_engine.extract)
    monkeypatch.setattr(peers, "_contenders", lambda threads: (fakes, {}))
    measured = peers.measure(quick=True)
    assert measured["relative_error_ours"] == 0
    assert measured["times_onnxruntime"] > 0
    assert "times_openvino_bf16" not in measured


@pytest.mark.data
@pytest.mark.parametrize("name", ["torch channels_last", "onnxruntime", "openvino"])
def test_a_peer_computes_what_torch_does(name):
    if name in ("onnxruntime", "openvino"):
        pytest.importorskip(name, reason="the peers are installed by `make bench`")
    from inference.ml import weights

    state = weights.load(vgg16_weights())
    batch = np.random.default_rng(1).normal(0, 60, (1, 3, 224, 224)).astype(np.float32)
    expected = peers.PEERS[peers.REFERENCE](state, 2)(batch)
    assert peers.relative_error(peers.PEERS[name](state, 2)(batch), expected) < 1e-4


def test_engines(no_engine):
    measured = engines.measure(quick=True)
    assert set(measured["per_image"]["ours"]) == {"1", "2"}
    assert measured["single"]["ours"]["median_ms"] > 0


def test_growth(no_engine):
    measured = growth.measure(quick=True)
    assert [point["images"] for point in measured["curve"]] == [4, 8, 16]
    assert measured["films"] == "synthetic"


def test_decode(no_engine, monkeypatch):
    monkeypatch.setattr(decode, "HEIGHT", 1200)
    monkeypatch.setattr(decode, "WIDTH", 1000)
    measured = decode.measure(quick=True)
    assert set(measured["times"]) == {"1/1", "1/2", "1/4", "1/8"}
    assert measured["differences"]["1/2"]["input"] < 0.2


@pytest.mark.django_db
def test_cache():
    measured = cache.kept_and_loaded(count=4, times=1)
    assert measured["vectors"] == 4
    assert measured["load_seconds"] > 0


@pytest.mark.django_db
def test_files_to_stored_predictions(no_engine):
    from inference.ml.artifact import load
    from inference.ml.engine import Classifier
    from inference.models import Prediction

    found = films.films(3)
    way = throughput.run(
        found.paths, no_engine, Classifier(load(decode.BASELINE)), at_once=2, processes=1
    )
    assert (way["images"], Prediction.objects.count()) == (3, 3)
    assert set(way["busy_share"]) == {
        "wait for decoders", "network input", "features", "head", "store",
    }  # fmt: skip


def test_without_a_card_the_gpu_part_is_skipped(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu.measure() == {"skipped": "torch sees no CUDA device here"}
