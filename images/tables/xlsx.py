"""XLSX: a ZIP of XML from a stranger, measured before it is opened and read a row at a time.

Formulas give the value that was calculated last; macros, links to other files, pictures and all
sheets but the first are never looked at.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from xml.etree.ElementTree import ParseError  # only the exception: openpyxl does the parsing
from xml.parsers import expat

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from images.decoding.quiet import quiet
from images.decoding.reasons import HOSTILE
from images.tables.reasons import (
    MAX_COLUMNS,
    MAX_EXPANDED_BYTES,
    MAX_PARTS,
    MAX_ROWS,
    MAX_TAGS,
    MAX_TAGS_OF_ROW,
    TableRefused,
)

# What openpyxl was seen to raise on damaged files, beside what all readers raise.
DAMAGED: Final = (
    *HOSTILE,
    ParseError,
    expat.ExpatError,
    zipfile.BadZipFile,
    zlib.error,
    InvalidFileException,
)
ENCRYPTED: Final = 0x1
EXACT_FLOAT: Final = 2**53
MACROS: Final = "macroEnabled"


def rows_of(data: bytes) -> Iterator[list[str]]:
    """The rows of the first sheet as text, empty ones too. Raises TableRefused."""
    _check_parts(data)
    try:
        with quiet():  # openpyxl quotes cells in its warnings
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            yield from _rows(book)
    except DAMAGED:
        raise TableRefused("damaged-table") from None


def _rows(book: Any) -> Iterator[list[str]]:
    try:
        shown = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        sheet = (shown or book.worksheets)[0]
        # What the file says of its own size may be wrong: the limits count.
        sheet.reset_dimensions()
        limits = {"max_row": 2 * MAX_ROWS, "max_col": MAX_COLUMNS + 1}
        for cells in sheet.iter_rows(min_row=1, min_col=1, values_only=True, **limits):
            yield [_text(cell) for cell in cells]
    finally:
        book.close()


def _check_parts(data: bytes) -> None:
    """Refuse before anything is unfolded; a part longer than it says is cut by `zipfile` itself."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            _check_directory(parts)
            if sum(_tags_of(archive, part) for part in parts) > MAX_TAGS:
                raise TableRefused("expands-too-much")
    except DAMAGED:
        raise TableRefused("damaged-table") from None


def _check_directory(parts: list[zipfile.ZipInfo]) -> None:
    names = {part.filename.lower() for part in parts}
    if any(name.endswith("vbaproject.bin") for name in names):
        raise TableRefused("macros")
    if any(part.flag_bits & ENCRYPTED for part in parts):
        raise TableRefused("locked-table")
    if "xl/workbook.xml" not in names:
        raise TableRefused("not-a-table")
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_EXPANDED_BYTES:
        raise TableRefused("expands-too-much")


class _Measure:
    """Walks the XML once without keeping any: no document type, and no more than the limits."""

    def __init__(self, refuse_macros: bool) -> None:
        self.refuses_macros = refuse_macros
        self.tags = self.depth = self.in_row = 0
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.StartDoctypeDeclHandler = self.refuse_document_type

    def start(self, name: str, attributes: dict[str, str]) -> None:
        is_row = name.rpartition(":")[2] == "row"
        self.in_row = self.in_row + 1 if self.depth else 0
        self.depth += is_row
        self.tags += 1
        if self.tags > MAX_TAGS or self.in_row > MAX_TAGS_OF_ROW:
            raise TableRefused("expands-too-much")
        if self.refuses_macros and MACROS in attributes.get("ContentType", ""):
            raise TableRefused("macros")

    def end(self, name: str) -> None:
        self.depth -= name.rpartition(":")[2] == "row"

    def refuse_document_type(self, *declared: object) -> None:
        # It could define entities that unfold without end; no table has one.
        raise TableRefused("damaged-table")


def _tags_of(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> int:
    """The number of elements of a part, whatever its name says that it is."""
    measure = _Measure(refuse_macros=part.filename == "[Content_Types].xml")
    # A picture is no XML, which shows in its first bytes; broken XML will fail openpyxl too.
    with archive.open(part) as stream, suppress(expat.ExpatError):
        measure.parser.ParseFile(stream)
    return measure.tags


def _text(cell: object) -> str:
    """A cell as a person would type it; days in ISO 8601, whole numbers without a point."""
    match cell:
        case None:
            return ""
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case datetime() | date() | time():
            return cell.isoformat()
        case bool() | timedelta():
            return str(cell).lower()
        case float() if cell.is_integer() and abs(cell) < EXACT_FLOAT:
            return str(int(cell))
    return str(cell)
