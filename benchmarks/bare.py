"""The bare engine loop: from JPEG files to features with nothing around it.

This is what the platform is held against: no HTTP, no database, no storing. Files are decoded and
preprocessed on threads beside the engine; the engine gets the micro-batches that it asks for.
"""

from __future__ import annotations

import multiprocessing
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks import films, machine, runners
from inference.ml.engines import AUTO

DECODE_THREADS = 2
# Decoded inputs that may wait for the engine, in micro-batches.
AHEAD = 3


@dataclass
class Loop:
    """`seconds` for all files, those of the processor beside them, which say the same on a machine
    with noisy neighbours; `points` are (images so far, seconds so far, resident bytes)."""

    images: int
    seconds: float = 0.0
    processor_seconds: float = 0.0
    points: list[tuple[int, float, int]] = field(default_factory=list)


def run(paths: Sequence[Path], *, points: Sequence[int] = (), name: str = AUTO) -> Loop:
    """Features of every file; loading the engine and its first run are not counted."""
    engine = runners.ours(name)
    engine.extract(np.stack([films.prepared(paths[0])]))
    loop = Loop(images=len(paths))
    done, waiting = 0, sorted(points)
    began, worked = time.perf_counter(), time.process_time()
    for batch in _batches(paths, engine.limits.rows):
        engine.extract(batch)
        done += len(batch)
        if waiting and done >= waiting[0]:
            loop.points.append((done, time.perf_counter() - began, machine.resident_bytes()))
            waiting = [point for point in waiting if point > done]
    loop.seconds = time.perf_counter() - began
    loop.processor_seconds = time.process_time() - worked
    return loop


def run_apart(paths: Sequence[Path], *, points: Sequence[int] = ()) -> Loop:
    """The same in a fresh process that ends afterwards, so that nothing of it stays behind."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh) as pool:
        return pool.submit(run, list(paths), points=list(points)).result()


def _batches(paths: Sequence[Path], rows: int) -> Iterator[npt.NDArray[np.float32]]:
    """Network inputs in the order of the files, decoded ahead by a bounded number."""
    waiting: deque[Future[npt.NDArray[np.float32]]] = deque()
    left = deque(paths)
    with ThreadPoolExecutor(DECODE_THREADS) as pool:
        while left or waiting:
            while left and len(waiting) < AHEAD * rows:
                waiting.append(pool.submit(films.prepared, left.popleft()))
            yield np.stack([waiting.popleft().result() for _ in range(min(rows, len(waiting)))])
