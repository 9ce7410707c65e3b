"""Cost as images grow from 10 to 2,000: time per image and memory ought to stay flat."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from benchmarks import bare, films

POINTS = (10, 20, 50, 100, 200, 500, 1000, 2000)


def measure(*, quick: bool = False) -> dict[str, Any]:
    """Milliseconds per image between the points, and resident megabytes at each of them.

    Where there are fewer films than images they come again; nothing here remembers a film.
    """
    points = (4, 8, 16) if quick else POINTS
    found = films.films(max(points), distinct=False)
    loop = bare.run_apart(found.cycled(max(points)), points=points)
    curve = _curve(loop)
    settled = [each for each in curve if each["images"] >= points[len(points) // 4]]
    costs = [each["ms_per_image"] for each in settled]
    memory = [each["resident_mb"] for each in settled]
    return {
        "films": found.kind,
        "different_films": len(set(found.paths)),
        "curve": curve,
        "seconds": round(loop.seconds, 2),
        "ms_per_image": round(loop.seconds / loop.images * 1000, 2),
        "last_over_first_cost": round(costs[-1] / costs[0], 3),
        "last_over_first_memory": round(memory[-1] / memory[0], 3),
    }


def _curve(loop: bare.Loop) -> list[dict[str, float]]:
    """Each point's cost is that of the images since the point before it."""
    return [
        {
            "images": images,
            "seconds": round(seconds, 3),
            "ms_per_image": round((seconds - before) / (images - fewer) * 1000, 2),
            "resident_mb": round(resident / 1e6, 1),
        }
        for (fewer, before, _), (images, seconds, resident) in pairwise([(0, 0.0, 0), *loop.points])
    ]
