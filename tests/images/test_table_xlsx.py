"""XLSX files of strangers: bombs, macros, lies about their size."""

import io
import zipfile
from datetime import date, datetime

import pytest
from openpyxl import Workbook

from images.tables import Field, TableRefused, read_table
from images.tables.reasons import MAX_TAGS, MAX_TAGS_OF_ROW
from images.tables.template import xlsx_template
from tests.images.tables import xlsx_of

HEADER = ["archivo", "código de paciente", "edad", "fecha", "fuente"]
SHEET = "xl/worksheets/sheet1.xml"
SPACE = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
CELL = b'<c t="inlineStr"><is><t>archivo</t></is></c>'


def read(data: bytes):
    return read_table(data, today=date(2026, 11, 21))


def with_part(name: str, content: bytes, data: bytes | None = None) -> bytes:
    """A small workbook with one part added or put in the place of another."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data or xlsx_of([HEADER, ["a.png"]]))) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for each in old.namelist():
            if each != name:
                new.writestr(each, old.read(each))
        new.writestr(name, content)
    return out.getvalue()


def sheet(rows: bytes, before: bytes = b"") -> bytes:
    body = b"<worksheet " + SPACE + b"><sheetData>" + rows + b"</sheetData></worksheet>"
    return with_part(SHEET, before + body)


def refusal(data: bytes) -> str:
    with pytest.raises(TableRefused) as refused:
        read(data)
    return refused.value.code


def test_cells_of_days_and_numbers():
    [row] = read(xlsx_of([HEADER, ["a.png", 17.0, 61.5, datetime(2020, 5, 31), True]])).rows
    assert row.values == {
        Field.FILE: "a.png", Field.PATIENT_CODE: "17", Field.AGE: 61,
        Field.ACQUIRED_ON: date(2020, 5, 31), Field.SOURCE: "true",
    }  # fmt: skip


def test_a_formula_gives_what_was_calculated_last():
    cells = b"<row>" + CELL + b'<c t="str"><f>1+1</f><v>sexo</v></c></row>'
    rows = cells + b"<row>" + CELL + b'<c t="str"><f>EVIL()</f><v>F</v></c></row>'
    assert read(sheet(rows)).rows[0].values[Field.SEX] == "F"


def test_a_day_beyond_the_calendar_is_a_bad_cell():
    book = Workbook()
    book.active.append(["archivo", "fecha"])
    book.active.append(["a.png", 99_999_999])
    book.active["B2"].number_format = "dd/mm/yyyy"
    content = io.BytesIO()
    book.save(content)
    [row] = read(content.getvalue()).rows
    assert [problem.code for problem in row.problems] == ["bad-date"]


def test_hidden_sheets_are_passed_over():
    book = Workbook()
    book.active.sheet_state = "hidden"
    book.create_sheet().append(HEADER)
    book.worksheets[1].append(["a.png"])
    content = io.BytesIO()
    book.save(content)
    assert len(read(content.getvalue()).rows) == 1


def test_a_sheet_that_claims_a_million_rows_is_as_long_as_it_is():
    claim = b"<worksheet " + SPACE + b'><dimension ref="A1:XFD1048576"/><sheetData><row>'
    content = claim + CELL + b"</row><row>" + CELL + b"</row></sheetData></worksheet>"
    assert len(read(with_part(SHEET, content)).rows) == 1


def test_a_row_far_down_is_cut_off():
    far = b"<row>" + CELL + b'</row><row r="1048576">' + CELL + b"</row>"
    assert refusal(sheet(far)) == "no-rows"


def test_a_bomb_is_measured_before_it_is_opened():
    assert refusal(with_part("xl/media/big.bin", bytes(80 * 2**20))) == "expands-too-much"


@pytest.mark.parametrize(
    "rows",
    [
        b"<row>" + b"<c/>" * (MAX_TAGS_OF_ROW + 1) + b"</row>",
        b"<row><row/>" + b"<c/>" * (MAX_TAGS_OF_ROW + 1) + b"</row>",
        b"<row/>" * MAX_TAGS,
    ],
    ids=["one row", "nested", "many rows"],
)
def test_too_many_tags_are_refused(rows):
    assert refusal(sheet(rows)) == "expands-too-much"


def test_entities_are_refused():
    laughs = b'<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]>'
    assert refusal(sheet(b"<row/>", before=laughs)) == "damaged-table"


def test_entities_in_other_encodings_are_refused():
    text = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY b "c">]><a/>'
    assert refusal(with_part("xl/other.bin", text.encode("utf-16"))) == "damaged-table"


@pytest.mark.parametrize("name", ["xl/vbaProject.bin", "XL/VBAPROJECT.BIN"])
def test_macros_are_refused(name):
    assert refusal(with_part(name, b"x")) == "macros"


def test_the_type_of_a_macro_file_is_refused():
    types = (
        b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override '
        b'PartName="/xl/workbook.xml" '
        b'ContentType="application/vnd.ms-excel.sheet.macroEnabled.main+xml"/></Types>'
    )
    assert refusal(with_part("[Content_Types].xml", types)) == "macros"


def test_another_zip_is_no_table():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.png", b"x")
    assert refusal(out.getvalue()) == "not-a-table"


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/styles.xml"])
def test_broken_parts_are_damage(part):
    assert refusal(with_part(part, b"<broken")) == "damaged-table"


def test_every_cut_is_a_refusal():
    data = xlsx_template("es")
    for length in range(4, len(data), 97):
        assert refusal(data[:length]) == "damaged-table"
