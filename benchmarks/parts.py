"""The parts of the benchmark, in the order of running, and what `make bench` knows of each."""

from __future__ import annotations

import importlib
from typing import Any

PARTS = (
    "peers",
    "engines",
    "decode",
    "growth",
    "cache",
    "similar",
    "repredict",
    "list_rows",
    "label_impact",
    "laboratory_table",
    "end_to_end",
    "retrain",
    "retrain_chestxray",
    "retrain_latency",
    "gpu",
)


# Parts that have another way than `quick` to be small.
SMALL: dict[str, dict[str, Any]] = {"similar": {"n": 2000, "repeats": 2}}


def measure(name: str, *, quick: bool) -> dict[str, Any]:
    """What `benchmarks/NAME.py` measures: figures by name; `skipped` with a reason where it cannot.

    With `quick` it takes a few seconds, for figures that mean nothing.
    """
    part = importlib.import_module(f"benchmarks.{name}")
    size = SMALL.get(name, {"quick": True}) if quick else {}
    measured: dict[str, Any] = part.measure(**size)
    return measured
