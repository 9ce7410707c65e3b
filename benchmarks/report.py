"""Results as a table: for the terminal, and for the part of README.md between its two marks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.bars import BARS
from benchmarks.parts import PARTS

HERE = Path(__file__).parent
RESULTS = HERE / "results"
README = HERE / "README.md"
BEGIN, END = "<!-- results: written by `make bench` -->", "<!-- end of results -->"
HEAD = ("", "measured", "bar", "")

Row = tuple[str, str, str, str]
Results = Mapping[str, Mapping[str, Any]]


def read(folder: Path = RESULTS) -> dict[str, dict[str, Any]]:
    """The kept results by part."""
    paths = {name: folder / f"{name}.json" for name in PARTS}
    return {name: json.loads(path.read_text()) for name, path in paths.items() if path.exists()}


def keep(result: Mapping[str, Any], folder: Path = RESULTS) -> None:
    """Write a part's result; one that was skipped never replaces one that was measured."""
    path = folder / f"{result['part']}.json"
    if "skipped" in result and path.exists() and "skipped" not in json.loads(path.read_text()):
        return
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def rows(results: Results) -> list[Row]:
    """One row for each bar whose part has a result: what, measured, bar, met or missed."""
    return [row for bar in BARS if (row := _row(bar, results.get(bar.part))) is not None]


def text(results: Results) -> str:
    table = [HEAD, *rows(results)]
    widths = [max(len(row[column]) for row in table) for column in range(len(HEAD))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]
    return "\n".join(lines)


def markdown(results: Results) -> str:
    table = [_cells(HEAD), "|---|---|---|---|", *map(_cells, rows(results))]
    return "\n".join([*table, "", *_places(results)])


def update_readme(results: Results, readme: Path = README) -> None:
    before, rest = readme.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    written = f"{before}{BEGIN}\n{markdown(results)}\n{END}{after}"
    readme.write_text(written, encoding="utf-8")


def _row(bar: Any, result: Mapping[str, Any] | None) -> Row | None:
    if result is None:
        return None
    if "skipped" in result:
        return (bar.says, f"skipped: {result['skipped']}", bar.wanted, "")
    value = bar.of(result)
    if value is None:
        # What only some processors have need not be shown of others.
        return (bar.says, "not measured", bar.wanted, "") if bar.wanted else None
    return (bar.says, f"{value:.4g}{bar.unit}", bar.wanted, bar.judge(value))


def _cells(row: Sequence[str]) -> str:
    return f"| {' | '.join(row)} |"


def _places(results: Results) -> list[str]:
    """Where and when: one line for each kind of machine, with the parts that ran there."""
    places: dict[str, list[str]] = {}
    for name, result in results.items():
        machine = result["machine"]
        films = f", {result['films']} radiographs" if "films" in result else ""
        place = f"{machine['processor']}, {machine['cores']} cores, {result['date']}{films}"
        places.setdefault(place, []).append(name)
    return [f"- {', '.join(names)}: {place}" for place, names in places.items()]
