"""A chart as plain values: rows and columns for people, and what the browser draws of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from core.sheets import line

Cell = str | int | float | None


@dataclass(frozen=True)
class Column:
    """`key` heads the column of the CSV file in every language, `label` that of the page."""

    key: str
    label: str


@dataclass(frozen=True)
class Chart:
    """`name` is a slug. `drawing`: see platform/static/js/retraining/options.mjs; empty where the
    table says all. `sentences`: what follows from the figures, in words."""

    name: str
    title: str
    text: str
    columns: tuple[Column, ...]
    rows: list[list[Cell]]
    drawing: dict[str, Any] = field(default_factory=dict)
    sentences: tuple[str, ...] = ()

    @property
    def data_id(self) -> str:
        """Id of the element that holds `drawing`."""
        return f"drawing-{self.name}"


def csv_lines(chart: Chart) -> Iterator[str]:
    """The lines of a CSV file: dots for decimals and codes for heads, whatever the language."""
    yield line([column.key for column in chart.columns])
    for row in chart.rows:
        yield line(["" if cell is None else cell for cell in row])
