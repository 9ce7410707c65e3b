"""Text of a CSV file: its encoding and its delimiter, as programs and people leave them."""

import codecs
import csv
from typing import Final

UTF_16_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
DELIMITERS: Final = ",;\t"  # the first of equals wins
# As far as the header is looked for; rows of a table are shorter.
HEADER_CHARACTERS: Final = 20_000


def text_of(data: bytes) -> str:
    """UTF-8 with or without mark, UTF-16 with its mark, else Windows-1252 or Latin-1: never fails.

    NUL characters in the result tell a file that is no text.
    """
    if data.startswith(UTF_16_MARKS):
        return data.decode("utf-16", errors="replace")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    # Every sequence of bytes is Latin-1.
    return data.decode("latin-1")


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
