"""Reading `metadata.csv`, the table that comes with a folder of radiographs."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from django.utils.translation import gettext_lazy as _

from images.tables.text import delimiter_of, text_of

COLUMNS: Final = ("filename", "label", "rt_pcr", "patient_id", "view", "source")


class BadTable(Exception):
    """The table as a whole cannot be used; `sentence` says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class Row:
    """One line: the known columns by name, whatever else it holds in `extra`."""

    filename: str
    label: str
    rt_pcr: str
    patient_id: str
    view: str
    source: str
    extra: Mapping[str, str] = field(default_factory=dict)


def read_rows(path: Path) -> list[Row]:
    """Read a table with `,`, `;` or tabs between its cells, in any encoding of `text_of`.

    Raises BadTable for a missing or empty file and for missing columns, which are named.
    """
    text = _text_of(path)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text))
    try:
        header = _header(next(lines, []))
        return [_row(dict(zip(header, cells, strict=False))) for cells in lines if any(cells)]
    except csv.Error:
        raise BadTable(str(_("The table is not valid CSV."))) from None


def _text_of(path: Path) -> str:
    try:
        return text_of(path.read_bytes())
    except OSError:
        raise BadTable(str(_("The table %(name)s cannot be read.") % {"name": path})) from None


def _header(cells: list[str]) -> list[str]:
    """Known columns are found whatever their case; the names of all others stay as they are."""
    names = [cell.strip() for cell in cells]
    header = [name.lower() if name.lower() in COLUMNS else name for name in names]
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise BadTable(
            str(_("The table lacks these columns: %(names)s.") % {"names": ", ".join(missing)})
        )
    return header


def _row(cells: dict[str, str]) -> Row:
    known = {name: cells.pop(name, "").strip() for name in COLUMNS}
    return Row(**known, extra={name: cell for name, cell in cells.items() if name and cell})


def find_file(folder: Path, filename: str) -> Path | None:
    """The file of a row in `folder` or `folder/images`; None if missing or outside of `folder`."""
    inside = folder.resolve()
    for place in (inside, inside / "images"):
        try:
            path = (place / filename).resolve()
            if path.is_relative_to(inside) and path.is_file():
                return path
        except (OSError, ValueError):
            # A name that no file can have: too long, or with a zero byte.
            continue
    return None
