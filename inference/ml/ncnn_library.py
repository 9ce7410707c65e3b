"""ncnn, which has no type stubs. Import it from nowhere else."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Final

ncnn: Final[ModuleType] = importlib.import_module("ncnn")
