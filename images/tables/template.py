"""The table to fill in, in the language of the person. Its two rows are invented."""

import csv
import io
from datetime import date
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from images.tables.columns import Field, header_words

CELLS_OF_DAYS: Final = (Field.ACQUIRED_ON, Field.TESTED_ON)
# Without it a spreadsheet takes 0017 for the number 17.
CELLS_OF_TEXT: Final = (Field.FILE, Field.PATIENT_CODE, Field.OWN_ID, Field.SOURCE)
COLUMNS: Final = tuple(field for field in Field if field is not Field.RADIOGRAPH)
ROWS_WITH_CHOICES: Final = 2000
WIDTH: Final = 24

CHOICES: Final[dict[str, dict[Field, tuple[str, ...]]]] = {
    "es": {
        Field.SEX: ("F", "M", "O"),
        Field.VIEW: ("PA", "AP", "AP supino", "Lateral"),
        Field.RT_PCR: ("Positivo", "Negativo", "Desconocido"),
    },
    "en": {
        Field.SEX: ("F", "M", "O"),
        Field.VIEW: ("PA", "AP", "AP supine", "Lateral"),
        Field.RT_PCR: ("Positive", "Negative", "Unknown"),
    },
}
FILES: Final = {
    "es": ("ejemplo-1.png", "carpeta/ejemplo-2.dcm"),
    "en": ("example-1.png", "folder/example-2.dcm"),
}
DAYS: Final = (date(2020, 5, 31), date(2020, 6, 2))


def csv_template(language: str) -> bytes:
    """UTF-8 with its mark, which Excel needs; `;` in Spanish, where the comma is in numbers."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";" if _of(language) == "es" else ",")
    for row in _rows(language):
        writer.writerow([f"{c:%d/%m/%Y}" if isinstance(c, date) else c for c in row])
    return text.getvalue().encode("utf-8-sig")


def xlsx_template(language: str) -> bytes:
    """One sheet: days as days, codes as text, lists to choose from."""
    book = Workbook()
    sheet = book.active
    sheet.freeze_panes = "A2"
    for row in _rows(language):
        sheet.append(row)
    for place, field in enumerate(COLUMNS, 1):
        _dress(sheet, get_column_letter(place), field, CHOICES[_of(language)].get(field, ()))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _of(language: str) -> str:
    return "en" if language.startswith("en") else "es"


def _rows(language: str) -> list[list[Any]]:
    words, choices = header_words(language), CHOICES[_of(language)]
    rows: list[list[Any]] = [[words[field] for field in COLUMNS]]
    for number, file in enumerate(FILES[_of(language)]):
        example: dict[Field, Any] = {
            Field.FILE: file,
            Field.PATIENT_CODE: f"P-000{number + 1}",
            Field.AGE: 61 - 20 * number,
            Field.ACQUIRED_ON: DAYS[number],
            Field.TESTED_ON: DAYS[number],
            Field.OWN_ID: f"RX-{1001 + number}",
            Field.SOURCE: "Portátil" if _of(language) == "es" else "Portable",
        }
        example |= {field: words[number] for field, words in choices.items()}
        rows.append([example[field] for field in COLUMNS])
    return rows


def _dress(sheet: Any, letter: str, field: Field, choices: tuple[str, ...]) -> None:
    sheet.column_dimensions[letter].width = WIDTH
    sheet[f"{letter}1"].font = Font(bold=True)
    layout = "dd/mm/yyyy" if field in CELLS_OF_DAYS else "@" if field in CELLS_OF_TEXT else ""
    if layout:
        sheet.column_dimensions[letter].number_format = layout
        for row in (2, 3):
            sheet[f"{letter}{row}"].number_format = layout
    if choices:
        among = DataValidation(type="list", formula1=f'"{",".join(choices)}"', allow_blank=True)
        sheet.add_data_validation(among)
        among.add(f"{letter}2:{letter}{ROWS_WITH_CHOICES}")
