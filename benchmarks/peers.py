"""VGG16 features by the libraries that people would otherwise use, and by ours, side by side.

One process, the same radiographs, weights and threads; the contenders take turns. A turn is always
the same images: one by one, or all of them at once.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from benchmarks import films, runners
from benchmarks.runners import Batch, Run
from benchmarks.timing import interleaved, per_image, spread
from inference.ml import weights
from inference.ml.processor import usable_cores

IMAGES = 8
REFERENCE = "torch eager"
OURS = "ours"
WITHOUT_AMX = "ours without AMX"
# Not fp32: shown, and left out of every comparison.
EXTRA = ("openvino bf16",)
PEERS: Mapping[str, Callable[[weights.Weights, int], Run]] = {
    REFERENCE: runners.torch_eager,
    "torch channels_last": runners.torch_channels_last,
    "onnxruntime": runners.onnxruntime,
    "openvino": runners.openvino,
    "openvino bf16": runners.openvino_bf16,
    "ncnn": runners.ncnn,
}


def measure(*, quick: bool = False) -> dict[str, Any]:
    """Milliseconds per image and error of each contender, and how many times faster ours is."""
    images, rounds = (2, 1) if quick else (IMAGES, 9)
    kind, batch = films.batch(images)
    threads = usable_cores()
    runs, absent = _contenders(threads)
    expected = runs[REFERENCE](batch)
    errors = {name: relative_error(run(batch), expected) for name, run in runs.items()}
    times = _times(runs, batch, rounds)
    return {
        "films": kind,
        "threads": threads,
        "images": images,
        "rounds": rounds,
        "median_over_best": spread(times),
        "contenders": times,
        "relative_error": errors,
        "absent": absent,
        "relative_error_ours": errors[OURS],
        **_comparisons(times),
    }


def relative_error(found: Batch, expected: Batch) -> float:
    """The largest difference of any feature, relative to the largest feature of its radiograph."""
    difference = np.abs(found - expected).max(axis=1)
    return float(f"{(difference / np.abs(expected).max(axis=1)).max():.3g}")


def _contenders(threads: int) -> tuple[dict[str, Run], dict[str, str]]:
    """What can run here, and why the others cannot."""
    state = weights.load(films.weights_path())
    runs: dict[str, Run] = {}
    absent: dict[str, str] = {}
    for name, build in PEERS.items():
        try:
            runs[name] = build(state, threads)
        except (ImportError, RuntimeError) as problem:
            absent[name] = type(problem).__name__
    engine = runners.ours()
    runs[OURS] = engine.extract
    if engine.facts.device == "cpu amx":
        runs[WITHOUT_AMX] = runners.without_amx()
    return runs, absent


def _times(runs: Mapping[str, Run], batch: Batch, rounds: int) -> dict[str, dict[str, float]]:
    turns: dict[str, Callable[[], object]] = {}
    for name, run in runs.items():
        turns[f"{name}, one by one"] = partial(_one_by_one, run, batch)
        turns[f"{name}, batch of {len(batch)}"] = partial(run, batch)
    gc.collect()
    gc.disable()
    try:
        seconds = interleaved(turns, rounds)
    finally:
        gc.enable()
    return {name: per_image(each, len(batch)) for name, each in seconds.items()}


def _one_by_one(run: Run, batch: Batch) -> None:
    for image in range(len(batch)):
        run(batch[image : image + 1])


def _comparisons(times: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Best of each peer over best of ours (`times_...`), and the same of medians."""
    found: dict[str, float] = {}
    for name in PEERS:
        if name in EXTRA or f"{name}, one by one" not in times:
            continue
        key = name.replace(" ", "_")
        found[f"times_{key}"] = _best(times, name, "best_ms") / _best(times, OURS, "best_ms")
        found[f"times_{key}_by_median"] = _best(times, name, "median_ms") / _best(
            times, OURS, "median_ms"
        )
        if f"{WITHOUT_AMX}, one by one" in times:
            plain = _best(times, WITHOUT_AMX, "best_ms")
            found[f"times_{key}_without_amx"] = _best(times, name, "best_ms") / plain
    return {name: round(value, 2) for name, value in found.items()}


def _best(times: Mapping[str, Mapping[str, float]], name: str, figure: str) -> float:
    """The better of one by one and batch."""
    return min(each[figure] for key, each in times.items() if key.startswith(f"{name}, "))
