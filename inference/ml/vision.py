"""torchvision, importable next to the CPU build of torch.

The PyPI wheel of torchvision is built against the CUDA build of torch. With the CPU build its
compiled operators do not load, and the import then fails on registering a fake kernel for
``torchvision::nms``. Declaring the schemas of the missing operators is enough for all that is used
here (architectures and weight enums); the detection operators themselves stay unavailable.

Import torchvision from nowhere else: ``from inference.ml.vision import torchvision``.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Final

import torch

_MISSING_OPERATOR: Final = "operator torchvision::nms does not exist"
_SIGNATURE: Final = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"

# A torch Library withdraws its schemas when it is collected, so it lives as long as the module.
_declared: torch.library.Library | None = None


def _import_torchvision() -> ModuleType:
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if _MISSING_OPERATOR not in str(error):
            raise
    _declare_missing_operators()
    _forget_half_imported()
    return importlib.import_module("torchvision")


def _declare_missing_operators() -> None:
    global _declared
    _declared = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
    for operator in ("nms", "qnms"):
        _declared.define(operator + _SIGNATURE)  # type: ignore[no-untyped-call]


def _forget_half_imported() -> None:
    for name in [n for n in sys.modules if n == "torchvision" or n.startswith("torchvision.")]:
        del sys.modules[name]


torchvision = _import_torchvision()
