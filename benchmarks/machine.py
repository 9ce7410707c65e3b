"""What a result was measured on: kind of processor, cores, libraries. No name of a machine."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from inference.ml.processor import usable_cores

# Of the environment of whoever runs this, no more is handed on.
KEPT = (
    "PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "VGG16_WEIGHTS",
    "COVIDXR_SHARED",
)  # fmt: skip
LIBRARIES = ("numpy", "pillow", "torch", "torchvision", "ncnn", "onnxruntime", "openvino", "Django")


def environment(**own: str) -> dict[str, str]:
    """What a scratch platform is given: nothing that could lead it to a real database or bucket."""
    return {name: os.environ[name] for name in KEPT if name in os.environ} | own


def facts() -> dict[str, object]:
    return {
        "processor": _processor(),
        "cores": usable_cores(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "python": platform.python_version(),
        "libraries": {name: found for name in LIBRARIES if (found := _version(name))},
    }


def resident_bytes(pid: int | str = "self") -> int:
    """Resident memory of a process (Linux); 0 for one that is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _version(name: str) -> str:
    try:
        return version(name).partition("+")[0]
    except PackageNotFoundError:
        return ""
