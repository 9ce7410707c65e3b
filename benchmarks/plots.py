"""Pictures of the kept results, as SVG below `plots/`: the same results give the same files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

FOLDER = Path(__file__).parent / "plots"
OURS, PEER, MEDIAN = "#0b6e4f", "#8d99ae", "#222222"
STYLE = {"svg.hashsalt": "covid-xr", "font.size": 9, "axes.spines.top": False,
         "axes.spines.right": False, "figure.constrained_layout.use": True}  # fmt: skip

Result = Mapping[str, Any]


def draw_all(results: Mapping[str, Result], folder: Path = FOLDER) -> list[Path]:
    """One file for each result that there is a picture of; returns what was written."""
    drawn = []
    for name, draw in PICTURES.items():
        result = results.get(name)
        if result is None or "skipped" in result:
            continue
        with mpl.rc_context(STYLE):
            figure = draw(result)
            path = folder / f"{name}.svg"
            folder.mkdir(parents=True, exist_ok=True)
            figure.savefig(path, metadata={"Date": None})
        drawn.append(path)
    return drawn


def _peers(result: Result) -> Figure:
    """Bars of the best times, the fastest on top; a dot is the median."""
    times = sorted(result["contenders"].items(), key=lambda each: -each[1]["best_ms"])
    names = [name for name, _ in times]
    best = [each["best_ms"] for _, each in times]
    figure = Figure(figsize=(7, 0.32 * len(times) + 0.9))
    axes = figure.subplots()
    axes.barh(names, best, color=[OURS if name.startswith("ours") else PEER for name in names])
    axes.plot([each["median_ms"] for _, each in times], names, ".", color=MEDIAN)
    threads = result["threads"]
    axes.set_xlabel(f"ms per image, {threads} threads (bar: best, dot: median)")
    return figure


def _engines(result: Result) -> Figure:
    figure = Figure(figsize=(5, 3))
    axes = figure.subplots()
    for name, times in result["per_image"].items():
        sizes = [int(size) for size in times]
        best = [each["best_ms"] for each in times.values()]
        axes.plot(sizes, best, "o-", label=name, color=OURS if name == "ours" else PEER)
    _from_zero(axes, "batch size", "ms per image (best)")
    axes.legend(frameon=False)
    return figure


def _growth(result: Result) -> Figure:
    figure = Figure(figsize=(8, 3))
    cost, memory = figure.subplots(1, 2)
    images = [each["images"] for each in result["curve"]]
    cost.plot(images, [each["ms_per_image"] for each in result["curve"]], "o-", color=OURS)
    memory.plot(images, [each["resident_mb"] for each in result["curve"]], "o-", color=OURS)
    _from_zero(cost, "images so far", "ms per image")
    _from_zero(memory, "images so far", "resident memory, MB")
    for axes in (cost, memory):
        axes.set_xscale("log")
    return figure


def _end_to_end(result: Result) -> Figure:
    figure = Figure(figsize=(8, 3))
    cost, memory = figure.subplots(1, 2)
    runs = {
        "bare loop": result["bare_ms_per_image"],
        "4 users": result["four_users"]["ms_per_image"],
        "4, film by film": result["four_users_one_by_one"]["ms_per_image"],
        "1 user": result["one_user"]["ms_per_image"],
    }
    cost.bar(list(runs), list(runs.values()), color=[PEER, OURS, OURS, OURS], width=0.6)
    _from_zero(cost, "", "ms per image, first request to last result")
    curve = result["four_users"]["worker_memory_mb"]
    memory.plot([images for images, _ in curve], [megabytes for _, megabytes in curve], color=OURS)
    _from_zero(memory, "images answered", "resident memory of the worker, MB")
    return figure


def _from_zero(axes: Axes, across: str, up: str) -> None:
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.set_ylim(0, 1.1 * axes.get_ylim()[1])


PICTURES: Mapping[str, Callable[[Result], Figure]] = {
    "peers": _peers,
    "engines": _engines,
    "growth": _growth,
    "end_to_end": _end_to_end,
}
