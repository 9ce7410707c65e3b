"""Writes requirements/*.txt from what is installed: every package that pyproject.toml asks for.

Run `make lock` after changing pyproject.toml and installing. Versions lose their local part
(`2.13.0+cpu` -> `2.13.0`) and no index is named, so that each machine chooses its own build of
torch; the CUDA packages that the GPU build brings along stay out for the same reason.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
GPU_ONLY = ("nvidia-", "cuda-", "triton")
# What building the project itself needs, as nothing is built in isolation.
BUILD = ["setuptools"]

Wanted = dict[str, set[str]]  # canonical name -> extras


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    app = closure([*project["project"]["dependencies"], *BUILD])
    groups = project["dependency-groups"]
    dev, bench = closure(groups["dev"]), closure(groups["bench"])
    write("app.txt", "The platform.", app)
    write("dev.txt", "Tests and linters; installed after app.txt.", dev - app)
    write("bench.txt", "Benchmarks; installed after dev.txt.", bench - dev - app)


def closure(requirements: Iterable[str]) -> set[str]:
    """Names of everything installed that the requirements ask for, directly or not."""
    wanted: Wanted = {}
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        extras = wanted.get(name)
        if name.startswith(GPU_ONLY) or (extras is not None and requirement.extras <= extras):
            continue
        wanted[name] = (extras or set()) | requirement.extras
        waiting += needed_by(name, wanted[name])
    return set(wanted)


def needed_by(name: str, extras: set[str]) -> list[Requirement]:
    try:
        requires = distribution(name).requires or []
    except PackageNotFoundError:
        sys.exit(f"{name} is wanted but not installed: run `make dev` first.")
    found = [Requirement(text) for text in requires]
    return [each for each in found if applies(each, extras)]


def applies(requirement: Requirement, extras: set[str]) -> bool:
    if requirement.marker is None:
        return True
    return any(requirement.marker.evaluate({"extra": extra}) for extra in extras | {""})


def write(file: str, title: str, names: set[str]) -> None:
    lines = [f"# {title} Written by `make lock`; do not edit.", *sorted(map(pin, names))]
    (ROOT / "requirements" / file).write_text("\n".join(lines) + "\n", encoding="utf-8")


def pin(name: str) -> str:
    return f"{name}=={Version(distribution(name).version).public}"


if __name__ == "__main__":
    main()
