"""VGG16 block 5 as an ONNX graph, for the peers that read ONNX: the same numbers as everywhere.

Written out node by node instead of exported: 13 convolutions need no tracer.
"""

from __future__ import annotations

from typing import Any

import onnx
from onnx import TensorProto, helper, numpy_helper

from inference.ml.weights import Weights

OPSET = 17
IR_VERSION = 8
# Places of the convolutions in torchvision's `vgg16().features`; a pooling follows each block.
BLOCKS = ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28))


def vgg16_onnx(weights: Weights) -> bytes:
    """A model from "input" (N, 3, 224, 224) to "features" (N, 512, 7, 7), any N, float32."""
    nodes, tensors, value = [], [], "input"
    for number, block in enumerate(BLOCKS, start=1):
        for place in block:
            name = f"features.{place}"
            tensors += [_tensor(weights, f"{name}.{part}") for part in ("weight", "bias")]
            nodes += _convolution(value, name)
            value = f"{name}.relu"
        pooled = "features" if number == len(BLOCKS) else f"pool{number}"
        nodes.append(
            helper.make_node("MaxPool", [value], [pooled], kernel_shape=[2, 2], strides=[2, 2])
        )
        value = pooled
    graph = helper.make_graph(
        nodes, "vgg16-block5", [_info("input", 3, 224)], [_info("features", 512, 7)], tensors
    )
    opsets = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _tensor(weights: Weights, name: str) -> Any:
    return numpy_helper.from_array(weights[name], name)


def _convolution(value: str, name: str) -> list[Any]:
    shape: dict[str, Any] = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
    inputs = [value, f"{name}.weight", f"{name}.bias"]
    convolution = helper.make_node("Conv", inputs, [f"{name}.conv"], **shape)
    return [convolution, helper.make_node("Relu", [f"{name}.conv"], [f"{name}.relu"])]


def _info(name: str, channels: int, side: int) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", channels, side, side])
