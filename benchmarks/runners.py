"""The peers and our engines behind one call: (N, 3, 224, 224) float32 to (N, 25088) float32.

Each is given the same weights and the same number of threads, and otherwise its own defaults.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import films
from benchmarks.onnx_graph import vgg16_onnx
from inference.ml import engines, weights
from inference.ml.extractor import FeatureExtractor
from inference.ml.processor import usable_cores

Batch = npt.NDArray[np.float32]
Run = Callable[[Batch], Batch]


def ours(name: str = "") -> FeatureExtractor:
    """An engine of the platform on all cores, its conversion kept below the temporary folder.

    Without a name the one that this processor would choose.
    """
    folder = Path(tempfile.gettempdir()) / "covidxr-engines"
    chosen = name or engines.best_on_cpu()
    return engines.build(chosen, films.weights_path(), folder, usable_cores())


def ncnn(state: weights.Weights, threads: int) -> Run:
    return ours("ncnn").extract


def without_amx() -> Run:
    """Our kernels as they compute where there is AVX-512 alone. Raises NoNativeLibrary."""
    from inference.ml.native_extractor import NativeExtractor

    return NativeExtractor(films.weights_path(), method="avx512").extract


def torch_eager(state: weights.Weights, threads: int) -> Run:
    return _torchvision(state, threads, channels_last=False)


def torch_channels_last(state: weights.Weights, threads: int) -> Run:
    return _torchvision(state, threads, channels_last=True)


def onnxruntime(state: weights.Weights, threads: int) -> Run:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    providers = ["CPUExecutionProvider"]
    session = ort.InferenceSession(vgg16_onnx(state), options, providers=providers)
    return lambda batch: _flat(session.run(None, {"input": batch})[0])


def openvino(state: weights.Weights, threads: int) -> Run:
    return _openvino(state, threads, "f32")


def openvino_bf16(state: weights.Weights, threads: int) -> Run:
    return _openvino(state, threads, "bf16")


def _torchvision(state: weights.Weights, threads: int, *, channels_last: bool) -> Run:
    """`torchvision.models.vgg16().features` as it comes, in inference mode."""
    import torch

    from inference.ml.vision import torchvision

    torch.set_num_threads(threads)
    # Built without memory and filled at once: random numbers for its 138 million weights take long.
    with torch.device("meta"):
        network: Any = torchvision.models.vgg16(weights=None).features
    tensors = {name.removeprefix("features."): torch.from_numpy(a) for name, a in state.items()}
    network.load_state_dict(tensors, strict=True, assign=True)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    network = network.eval().to(memory_format=layout)

    def run(batch: Batch) -> Batch:
        with torch.inference_mode():
            features = network(torch.from_numpy(batch).contiguous(memory_format=layout))
            return _flat(features.contiguous().numpy())

    return run


def _openvino(state: weights.Weights, threads: int, precision: str) -> Run:
    import openvino as ov

    core = ov.Core()
    hints = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": precision}
    compiled = core.compile_model(core.read_model(vgg16_onnx(state)), "CPU", hints)
    return lambda batch: _flat(compiled(batch)[0])


def _flat(features: Any) -> Batch:
    flat: Batch = np.asarray(features).reshape(len(features), -1)
    return flat
