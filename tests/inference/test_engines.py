"""The engine of a machine: chosen from its hardware, named by a person, honest about itself."""

import importlib.metadata
import logging
import os
import subprocess
import sys
import tempfile

import pytest
import torch
from django.conf import settings
from torch import nn

from inference.ml import native_library, networks
from inference.ml.engine import Engine
from inference.ml.engines import ENGINES, UnknownEngine, build, choose
from inference.ml.extractor import VGG16_BLOCK5
from inference.ml.native_library import NoNativeLibrary
from tests.development import vgg16_weights

needs_no_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is here")


@pytest.fixture
def gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture
def no_winograd(monkeypatch):
    def refuse(wanted=None):
        raise NoNativeLibrary("it was not built")

    monkeypatch.setattr(native_library, "best_method", refuse)


@pytest.mark.parametrize("name", ENGINES)
def test_a_person_may_name_any_engine(name, gpu):
    assert choose(name) == name


@pytest.mark.parametrize("ask", [choose, lambda name: build(name, "", "")])
def test_an_unknown_engine_is_refused_with_those_there_are(ask):
    with pytest.raises(UnknownEngine, match="'onnx' is none of auto, winograd, ncnn, torch"):
        ask("onnx")


def test_a_gpu_is_used_where_there_is_one(gpu):
    assert choose() == "torch-cuda"


def test_a_processor_computes_with_winograd_where_it_was_built(no_gpu, monkeypatch):
    monkeypatch.setattr(native_library, "best_method", lambda wanted=None: "avx512")
    assert choose() == "winograd"


def test_a_processor_without_it_computes_with_ncnn(no_gpu, no_winograd):
    assert choose() == "ncnn"


def test_without_ncnn_torch_computes_and_the_log_says_why(no_gpu, no_winograd, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "inference.ml.ncnn_library", None)
    with caplog.at_level(logging.WARNING):
        assert choose() == "torch"
    assert "ncnn_library" in caplog.text
    assert len(caplog.records) == 1


def test_what_ncnn_cannot_compute_stays_on_torch_and_the_log_says_why(
    no_gpu, no_winograd, monkeypatch, caplog
):
    monkeypatch.setitem(networks._STRUCTURES, VGG16_BLOCK5.code, lambda: nn.Sequential(nn.GELU()))
    with caplog.at_level(logging.WARNING):
        assert choose() == "torch"
    assert "its layer GELU is none of Conv2d, ReLU and MaxPool2d" in caplog.text


@needs_no_gpu
def test_the_engine_for_gpus_says_that_there_is_none(tmp_path):
    with pytest.raises(OSError, match="torch sees no CUDA device"):
        build("torch-cuda", tmp_path / "weights", tmp_path)


def test_the_setting_knows_the_engines():
    assert settings.INFERENCE_ENGINE in {"auto", *ENGINES}


def test_naming_an_engine_loads_no_library():
    code = "import sys; from inference.ml.engines import choose; choose('ncnn'); "
    code += "sys.exit(bool({'torch', 'ncnn'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], cwd=settings.BASE_DIR).returncode == 0


@pytest.mark.data
@pytest.mark.parametrize("name", ["ncnn", "torch"])
def test_an_engine_says_what_it_is(name, tmp_path):
    facts = Engine.from_weights(vgg16_weights(), name=name, folder=tmp_path).facts
    assert (facts.name, facts.precision) == (name, "fp32")
    assert facts.device.startswith("cpu ")
    assert facts.version.split("+")[0] in importlib.metadata.version(name)


@pytest.mark.data
def test_a_converted_network_is_kept_for_the_next_start(tmp_path):
    Engine.from_weights(vgg16_weights(), name="ncnn", folder=tmp_path)
    again = Engine.from_weights(tmp_path / "no-weights", name="ncnn", folder=tmp_path)
    assert again.spec == VGG16_BLOCK5


@pytest.mark.data
def test_without_a_folder_nothing_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    Engine.from_weights(vgg16_weights(), name="ncnn")
    assert os.listdir(tmp_path) == []  # noqa: PTH208


def test_missing_weights_are_told(tmp_path):
    with pytest.raises(FileNotFoundError):
        Engine.from_weights(tmp_path / "none", name="ncnn", folder=tmp_path / "kept")
