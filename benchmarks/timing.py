"""Times of contenders that take turns, so that a noisy neighbour disturbs all of them alike."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Contenders = Mapping[str, Callable[[], object]]

# Thread pools of some libraries spin for a moment after their work; the next one shall not pay.
REST_SECONDS = 0.05


def interleaved(
    contenders: Contenders,
    rounds: int,
    *,
    clock: Callable[[], float] = time.perf_counter,
    rest: Callable[[float], object] = time.sleep,
) -> dict[str, list[float]]:
    """Seconds of each contender in each round, after one turn of each that is not counted.

    Every round begins with another contender, so that nobody always follows the same one.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for run in contenders.values():
        run()
    names = list(contenders)
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            rest(REST_SECONDS)
            began = clock()
            contenders[name]()
            seconds[name].append(clock() - began)
    return seconds


def per_image(seconds: Sequence[float], images: int) -> dict[str, float]:
    """Milliseconds per image of runs over so many images: the best run and the median one."""
    return {
        "best_ms": round(min(seconds) / images * 1000, 3),
        "median_ms": round(statistics.median(seconds) / images * 1000, 3),
    }


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of the values do not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(len(ranked) * percent / 100) - 1)]


def spread(times: Mapping[str, Mapping[str, Any]]) -> float:
    """How noisy the machine was: the largest median over best of all contenders."""
    ratios: list[float] = [each["median_ms"] / each["best_ms"] for each in times.values()]
    return round(max(ratios), 3)
