"""CSV and XLSX files to rows: every dress gives the same rows back."""

import csv
import io
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from images.tables import Field, TableRefused, read_table
from images.tables.reader import read_cells
from images.tables.reasons import MAX_BYTES, MAX_ROWS
from images.tables.template import COLUMNS, csv_template, xlsx_template
from tests.images.tables import csv_of, xlsx_of

TODAY = date(2026, 11, 21)
HEADER = ["Archivo", "Código de paciente", "Sexo", "Edad", "Fecha de la radiografía", "Fuente"]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"]
LAYOUTS = ["%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y"]

codes = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._/-]{0,20}\Z")
# What Latin-1 can write, with the delimiters and quotes that must survive.
sources = st.text("abcñéÜ ;,'\"½", max_size=30).map(str.strip)
records = st.tuples(
    st.from_regex(r"\A[a-zñ0-9]{1,12}\.png\Z"), codes, st.sampled_from(["F", "M", "O"]),
    st.integers(0, 130), st.dates(date(1950, 1, 1), TODAY), sources,
)  # fmt: skip


def read(data: bytes):
    return read_table(data, today=TODAY)


def outcome(data: bytes):
    """The rows, or the sentence of a refusal."""
    try:
        return read(data).rows
    except TableRefused as refused:
        return str(refused.sentence)


def values_of(table):
    fields = (
        Field.FILE, Field.PATIENT_CODE, Field.SEX, Field.AGE, Field.ACQUIRED_ON, Field.SOURCE,
    )  # fmt: skip
    return [tuple(row.values.get(field, "") for field in fields) for row in table.rows]


def one_sex_each(rows):
    """The same code with two sexes is refused, which is not what is looked at here."""
    return list({row[1]: row for row in rows}.values())


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@settings(max_examples=10)
@given(rows=st.lists(records, min_size=1, max_size=5).map(one_sex_each))
def test_a_written_csv_is_read_back(delimiter, encoding, layout, rows):
    lines = [[*row[:4], row[4].strftime(layout), row[5]] for row in rows]
    table = read(csv_of([HEADER, *lines], delimiter, encoding))
    assert values_of(table) == rows
    assert [row.problems for row in table.rows] == [()] * len(rows)


@settings(max_examples=20, deadline=None)
@given(rows=st.lists(records, min_size=1, max_size=5).map(one_sex_each))
def test_a_written_xlsx_is_read_back(rows):
    assert values_of(read(xlsx_of([HEADER, *rows]))) == rows


@given(data=st.binary(max_size=400))
def test_any_bytes_are_a_table_or_a_refusal(data):
    assert outcome(data)


@given(cells=st.lists(st.lists(st.text(max_size=20), min_size=1, max_size=8), max_size=6))
def test_any_cells_below_a_header_are_read_or_refused(cells):
    assert outcome(csv_of([HEADER, *cells]))


def test_rows_have_the_numbers_of_a_spreadsheet():
    data = b'archivo;sexo\n\n"a\nb.png";F\nc.png;M\n'
    assert [row.number for row in read(data).rows] == [3, 4]


def test_a_title_above_the_header_is_passed_over():
    data = "Servicio de Radiología\n\narchivo;sexo\na.png;F\n".encode("cp1252")
    assert [row.values[Field.SEX] for row in read(data).rows] == ["F"]


def test_commas_in_the_rows_are_no_delimiters():
    data = b"archivo;edad\na,b,c,d.png;61,5\n"
    assert read(data).rows[0].values == {Field.FILE: "a,b,c,d.png", Field.AGE: 61}


def test_the_line_of_excel_names_the_delimiter():
    assert read(b"sep=,\r\narchivo,fuente\r\na.png,x;y;z\r\n").rows[0].values[Field.SOURCE] == (
        "x;y;z"
    )


def test_unknown_columns_are_named_and_not_read():
    table = read(b"archivo;Nombre y apellido\na.png;Juana Molina\n")
    assert table.ignored == ("Nombre y apellido",)
    assert "Molina" not in str(table.rows)


def test_each_problem_has_its_column():
    data = b"archivo;sexo;edad;fecha\na.png;Z;200;01/01/1800\n"
    [row] = read(data).rows
    assert {(p.about, p.code) for p in row.problems} == {
        (Field.SEX, "bad-sex"), (Field.AGE, "bad-age"), (Field.ACQUIRED_ON, "date-too-early"),
    }  # fmt: skip


def test_two_sexes_of_one_patient_are_refused_on_both_rows():
    data = b"archivo;id paciente;sexo\na.png;P-1;F\nb.png;P-1;M\nc.png;P-2;M\n"
    assert [[p.code for p in row.problems] for row in read(data).rows] == [
        ["two-sexes"], ["two-sexes"], [],
    ]  # fmt: skip


def test_m_beside_h_may_be_a_woman():
    rows = read(b"archivo;sexo\na.png;H\nb.png;M\nc.png;mujer\n").rows
    assert [[p.code for p in row.problems] for row in rows] == [[], ["doubtful-sex"], []]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty-table"),
        (b" \r\n ", "empty-table"),
        (b";;;\n;;\n", "empty-table"),
        (b"archivo;sexo\n", "no-rows"),
        (b"a;b\n1;2\n", "no-known-columns"),
        (b"archivo;sexo\n\x00\x01;F\n", "not-a-table"),
        (b'archivo;sexo\n"a.png;F\n', "unclosed-quote"),
        (b"archivo;filename\na;b\n", "column-twice"),
        (b"archivo" + b";x" * 60 + b"\n", "too-many-columns"),
        (b"archivo\n" + b"a\n" * (MAX_ROWS + 1), "too-many-rows"),
        (b"archivo\n" + b"a" * MAX_BYTES, "too-large-table"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "old-excel"),
        (b"PK\x03\x04broken", "damaged-table"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_table(data, code):
    with pytest.raises(TableRefused) as refused:
        read(data)
    assert refused.value.code == code


def test_the_longest_table_is_read():
    assert len(read(b"archivo\n" + b"a\n" * MAX_ROWS).rows) == MAX_ROWS


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("make", [csv_template, xlsx_template])
def test_the_template_reads_without_a_problem(make, language):
    table = read(make(language))
    assert table.fields == set(COLUMNS)
    assert [(len(row.values), row.problems) for row in table.rows] == [(len(COLUMNS), ())] * 2
    assert table.ignored == ()


def test_the_spanish_csv_opens_in_a_spanish_excel():
    text = csv_template("es").decode("utf-8")
    assert text.startswith("\ufeffArchivo;Código de paciente;")
    assert "31/05/2020" in text
    assert len(next(csv.reader(io.StringIO(text), delimiter=";"))) == len(COLUMNS)


def test_cells_lose_the_spaces_around_them():
    assert read_cells(b" archivo ; sexo \n a ; F \n") == [(1, ["archivo", "sexo"]), (2, ["a", "F"])]
