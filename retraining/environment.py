"""With what a model was made: code, libraries, processor. A reproduction compares it."""

import os
import platform
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from inference.ml.processor import instruction_set

LIBRARIES: Final = ("torch", "numpy", "scipy", "scikit-learn", "safetensors")


def environment() -> dict[str, Any]:
    """JSON-ready; what decides the numbers comes first."""
    return {
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "instructions": instruction_set(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "code": code_version(),
    }


@lru_cache(maxsize=1)
def code_version() -> str:
    """The release, and where the code lies in a repository its commit; CODE_VERSION overrides."""
    if stated := os.environ.get("CODE_VERSION", ""):
        return stated[:80]
    release = metadata.version("covid-xr")
    commit = _commit(Path(settings.BASE_DIR) / ".git")
    return f"{release}+{commit[:12]}" if commit else release


def _commit(git: Path) -> str:
    """What HEAD points to, read without git; "" where there is no repository."""
    try:
        head = (git / "HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return head
        name = head.removeprefix("ref: ")
        loose = git / name
        if loose.exists():
            return loose.read_text().strip()
        packed = (git / "packed-refs").read_text().splitlines()
        return next((line.split()[0] for line in packed if line.endswith(f" {name}")), "")
    except OSError:
        return ""
