"""Lines of CSV files that people open in spreadsheets."""

import csv
from collections.abc import Iterable

# What a spreadsheet may take for a formula (OWASP, "CSV injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class _Line:
    """A file of one line: what csv.writer writes is handed over and forgotten."""

    text = ""

    def write(self, text: str) -> None:
        self.text = text


def line(cells: Iterable[object]) -> str:
    """One CSV line; cells that a spreadsheet would run as a formula get an apostrophe before."""
    out = _Line()
    csv.writer(out).writerow([_harmless(cell) for cell in cells])
    return out.text


def _harmless(cell: object) -> object:
    if isinstance(cell, str) and cell.startswith(FORMULA_STARTS):
        return f"'{cell}"
    return cell
