"""The table to fill in, in the language of the person. Its two rows are invented."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from images.tables.columns import METADATA, Field, Vocabulary, header_words

CELLS_OF_DAYS: Final = (Field.ACQUIRED_ON, Field.TESTED_ON, Field.SAMPLED_ON)
# Without it a spreadsheet takes 0017 for the number 17.
CELLS_OF_TEXT: Final = (
    Field.FILE, Field.PATIENT_CODE, Field.OWN_ID, Field.SOURCE, Field.LABORATORY, Field.KIT,
)  # fmt: skip
COLUMNS: Final = tuple(field for field in METADATA.words if field is not Field.RADIOGRAPH)
ROWS_WITH_CHOICES: Final = 2000
WIDTH: Final = 24

CHOICES: Final[dict[str, dict[Field, tuple[str, ...]]]] = {
    "es": {
        Field.SEX: ("F", "M", "O"),
        Field.VIEW: ("PA", "AP", "AP supino", "Lateral"),
        Field.RT_PCR: ("Positivo", "Negativo", "Indeterminado", "Desconocido"),
    },
    "en": {
        Field.SEX: ("F", "M", "O"),
        Field.VIEW: ("PA", "AP", "AP supine", "Lateral"),
        Field.RT_PCR: ("Positive", "Negative", "Indeterminate", "Unknown"),
    },
}
FILES: Final = {
    "es": ("ejemplo-1.png", "carpeta/ejemplo-2.dcm"),
    "en": ("example-1.png", "folder/example-2.dcm"),
}
DAYS: Final = (date(2020, 5, 31), date(2020, 6, 2))


@dataclass(frozen=True)
class Sheet:
    """What a table to fill in shows, by language: lists to choose from and invented rows."""

    vocabulary: Vocabulary
    columns: tuple[Field, ...]
    choices: Mapping[str, Mapping[Field, tuple[str, ...]]]
    examples: Mapping[str, Sequence[Mapping[Field, Any]]]

    def rows(self, language: str) -> list[list[Any]]:
        """The names of the columns and the examples."""
        words = header_words(language, self.vocabulary)
        examples = self.examples[_of(language)]
        named = [words[field] for field in self.columns]
        return [named, *([row.get(field) for field in self.columns] for row in examples)]


def _of(language: str) -> str:
    return "en" if language.startswith("en") else "es"


def _example(language: str, number: int) -> dict[Field, Any]:
    return {
        Field.FILE: FILES[language][number],
        Field.PATIENT_CODE: f"P-000{number + 1}",
        Field.AGE: 61 - 20 * number,
        Field.ACQUIRED_ON: DAYS[number],
        Field.TESTED_ON: DAYS[number],
        Field.OWN_ID: f"RX-{1001 + number}",
        Field.SOURCE: "Portátil" if language == "es" else "Portable",
        **{field: words[number] for field, words in CHOICES[language].items()},
    }


SHEET: Final = Sheet(
    METADATA, COLUMNS, CHOICES,
    {language: [_example(language, number) for number in (0, 1)] for language in FILES},
)  # fmt: skip


def csv_template(language: str, sheet: Sheet = SHEET) -> bytes:
    """UTF-8 with its mark, which Excel needs; `;` in Spanish, where the comma is in numbers."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";" if _of(language) == "es" else ",")
    for row in sheet.rows(language):
        writer.writerow([f"{c:%d/%m/%Y}" if isinstance(c, date) else c for c in row])
    return text.getvalue().encode("utf-8-sig")


def xlsx_template(language: str, sheet: Sheet = SHEET) -> bytes:
    """One sheet: days as days, codes as text, lists to choose from."""
    book = Workbook()
    page = book.active
    page.freeze_panes = "A2"
    for row in sheet.rows(language):
        page.append(row)
    choices = sheet.choices[_of(language)]
    for place, field in enumerate(sheet.columns, 1):
        _dress(page, get_column_letter(place), field, choices.get(field, ()))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


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
