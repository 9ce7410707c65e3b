"""CSV or XLSX, told by its content, to numbered rows of plain text."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Final

from images.tables import xlsx
from images.tables.columns import METADATA, Vocabulary, plain
from images.tables.reasons import MAX_BYTES, MAX_COLUMNS, MAX_ROWS, TableRefused
from images.tables.text import (
    DELIMITERS,
    HEADER_CHARACTERS,
    decoded,
    delimiter_of,
    encoding_of,
    start_of,
)

# A row as a spreadsheet numbers it, and its cells without the spaces around them.
NumberedRow = tuple[int, list[str]]

ZIP_MARKS: Final = (b"PK\x03\x04", b"PK\x05\x06")
OLE_MARK: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED_OLE: Final = "EncryptedPackage".encode("utf-16-le")
# What Excel itself writes as a first line, and does not show.
SEPARATOR_LINE: Final = re.compile(r"\A\ufeff?sep=([,;\t])\r?\n", re.IGNORECASE)
# Rows above the names of the columns, where people write a title.
TITLE_ROWS: Final = 10


def read_cells(data: bytes, vocabulary: Vocabulary = METADATA) -> list[NumberedRow]:
    """The rows that hold anything, at most MAX_ROWS and some titles. Raises TableRefused."""
    return list(cells_of(data, vocabulary))


def cells_of(data: bytes, vocabulary: Vocabulary) -> Iterator[NumberedRow]:
    """As `read_cells`, one row after the other: a long table need not be in memory as a whole.

    Raises TableRefused, also while it is walked through.
    """
    if len(data) > MAX_BYTES:
        raise TableRefused("too-large-table", megabytes=MAX_BYTES // 2**20)
    if not data.strip():
        raise TableRefused("empty-table")
    if data.startswith(OLE_MARK):
        raise TableRefused("locked-table" if ENCRYPTED_OLE in data else "old-excel")
    is_xlsx = data.startswith(ZIP_MARKS)
    yield from _within_limits(xlsx.rows_of(data) if is_xlsx else _rows_of_csv(data, vocabulary))


def _rows_of_csv(data: bytes, vocabulary: Vocabulary) -> Iterator[list[str]]:
    encoding = encoding_of(data)
    if any("\0" in text for text in decoded(data, encoding)):
        raise TableRefused("not-a-table")
    start = start_of(decoded(data, encoding))
    said = SEPARATOR_LINE.match(start)
    delimiter = said[1] if said else _delimiter_by_names(start, vocabulary)
    stream = io.TextIOWrapper(io.BytesIO(data), encoding, errors="replace", newline="")
    if said:
        stream.read(said.end())
    lines = csv.reader(stream, delimiter=delimiter, strict=True)
    read = 0
    try:
        for cells in lines:
            read += 1
            yield cells
    except csv.Error:
        raise TableRefused("unclosed-quote", row=read + 1) from None


def _delimiter_by_names(text: str, vocabulary: Vocabulary) -> str:
    """What cuts the names of the columns apart; the rows around them may hold any delimiter."""
    lines = text[:HEADER_CHARACTERS].splitlines()[: 2 * TITLE_ROWS]
    known = {
        delimiter: max(
            (sum(plain(cell.strip('"')) in vocabulary.known for cell in line.split(delimiter)))
            for line in [*lines, ""]
        )
        for delimiter in DELIMITERS
    }
    best = max(known, key=lambda delimiter: known[delimiter])
    return best if known[best] > 1 else delimiter_of(text)


def _within_limits(rows: Iterator[list[str]]) -> Iterator[NumberedRow]:
    kept = 0
    for number, row in enumerate(rows, 1):
        cells = [cell.strip() for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            continue
        kept += 1
        if len(cells) > MAX_COLUMNS:
            raise TableRefused("too-many-columns", columns=MAX_COLUMNS)
        if kept > MAX_ROWS + TITLE_ROWS:
            raise TableRefused("too-many-rows", rows=MAX_ROWS)
        yield number, cells
