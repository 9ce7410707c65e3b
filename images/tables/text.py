"""Text of a CSV file: its encoding and its delimiter, as programs and people leave them."""

import codecs
import csv
from collections.abc import Iterator
from typing import Final

UTF_16_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
DELIMITERS: Final = ",;\t"  # the first of equals wins
# As far as the header is looked for; rows of a table are shorter.
HEADER_CHARACTERS: Final = 20_000
BLOCK_BYTES: Final = 2**16


def encoding_of(data: bytes) -> str:
    """UTF-8 with or without mark, UTF-16 with its mark, else Windows-1252 or Latin-1."""
    if data.startswith(UTF_16_MARKS):
        return "utf-16"
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            for _text in decoded(data, encoding, errors="strict"):
                pass
        except UnicodeDecodeError:
            continue
        return encoding
    # Every sequence of bytes is Latin-1.
    return "latin-1"


def decoded(data: bytes, encoding: str, errors: str = "replace") -> Iterator[str]:
    """The text in pieces of BLOCK_BYTES: as a whole it may take four times the room of the file."""
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    for begin in range(0, len(data), BLOCK_BYTES):
        yield decoder.decode(data[begin : begin + BLOCK_BYTES])
    yield decoder.decode(b"", final=True)


def start_of(pieces: Iterator[str]) -> str:
    """The first HEADER_CHARACTERS, or the little more that their last piece holds."""
    start = ""
    while len(start) < HEADER_CHARACTERS and (piece := next(pieces, None)) is not None:
        start += piece
    return start


def text_of(data: bytes) -> str:
    """The whole text; never fails. NUL characters in it tell a file that is no text."""
    return data.decode(encoding_of(data), errors="replace")


def delimiter_of(text: str) -> str:
    """`,`, `;` or a tab: what cuts the first line that holds something into the most cells."""
    lines = (line for line in text[:HEADER_CHARACTERS].splitlines() if line.strip())
    first = next(lines, "")
    return max(DELIMITERS, key=lambda delimiter: _cells(first, delimiter))


def _cells(line: str, delimiter: str) -> int:
    try:
        return len(next(csv.reader([line], delimiter=delimiter), []))
    except csv.Error:
        return 0
