"""Our own engines: latency of a single radiograph, and what a larger batch would still gain."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

from benchmarks import films, runners
from benchmarks.runners import Batch, Run
from benchmarks.timing import interleaved, per_image, percentile, spread
from inference.ml.preprocess import preprocess

# What this processor would choose, and what all are measured against.
NAMES = {"ours": "", "torch": "torch"}
SIZES = (1, 2, 4, 8, 16)


def measure(*, quick: bool = False) -> dict[str, Any]:
    """Single-image latency, milliseconds per image by batch size, and cost of decoding."""
    sizes, rounds, singles = ((1, 2), 1, 3) if quick else (SIZES, 7, 40)
    kind, batch = films.batch(max(sizes))
    built = {name: runners.ours(engine) for name, engine in NAMES.items()}
    times = _by_size({name: engine.extract for name, engine in built.items()}, batch, sizes, rounds)
    fastest = {name: min(each["best_ms"] for each in times[name].values()) for name in NAMES}
    return {
        "films": kind,
        "rounds": rounds,
        "facts": {name: asdict(engine.facts) for name, engine in built.items()},
        "single": {
            name: _latency(engine.extract, batch, singles) for name, engine in built.items()
        },
        "per_image": times,
        "median_over_best": max(spread(each) for each in times.values()),
        "batch_of_one_over_best": round(times["ours"]["1"]["best_ms"] / fastest["ours"], 3),
        "before_the_engine": _before_the_engine(max(sizes)),
    }


def _by_size(
    runs: dict[str, Run], batch: Batch, sizes: tuple[int, ...], rounds: int
) -> dict[str, dict[str, dict[str, float]]]:
    """Times by engine and batch size; each turn runs over all images, in batches of that size."""
    turns: dict[str, Callable[[], object]] = {
        f"{name} {size}": partial(_in_batches, run, batch, size)
        for name, run in runs.items()
        for size in sizes
    }
    seconds = interleaved(turns, rounds)
    return {
        name: {str(size): per_image(seconds[f"{name} {size}"], len(batch)) for size in sizes}
        for name in runs
    }


def _in_batches(run: Run, batch: Batch, size: int) -> None:
    for top in range(0, len(batch), size):
        run(batch[top : top + size])


def _latency(run: Run, batch: Batch, count: int) -> dict[str, float]:
    """Milliseconds of one radiograph after the other."""
    run(batch[:1])
    turns = [number % len(batch) for number in range(count)]
    return _summary([_milliseconds(partial(run, batch[turn : turn + 1])) for turn in turns])


def _before_the_engine(count: int) -> dict[str, dict[str, float]]:
    """What a film costs before the network sees it, on one core: decoding and preprocessing."""
    paths = films.films(count).paths
    decoded = [films.pixels(path) for path in paths]
    return {
        "decode": _summary([_milliseconds(partial(films.pixels, path)) for path in paths]),
        "preprocess": _summary(
            [_milliseconds(partial(preprocess, f.array, f.low, f.high)) for f in decoded]
        ),
    }


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _summary(milliseconds: list[float]) -> dict[str, float]:
    return {
        "best_ms": round(min(milliseconds), 3),
        "median_ms": round(statistics.median(milliseconds), 3),
        "p95_ms": round(percentile(milliseconds, 95), 3),
    }
