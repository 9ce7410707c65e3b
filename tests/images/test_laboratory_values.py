"""Columns and cells of a laboratory's table, in every dress."""

import csv
import io
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from images.tables import Field, TableRefused
from images.tables.columns import fields_of, header_words, plain
from images.tables.laboratory import LABORATORY, SHEET
from images.tables.reasons import MAX_ROWS, BadCell, cell_sentence
from images.tables.rows import open_table
from images.tables.template import csv_template, xlsx_template
from images.tables.values import value_of
from tests.images.tables import csv_of, xlsx_of

TODAY = date(2026, 11, 21)
HEADER = ["Código de paciente", "Fecha de la muestra", "Resultado", "Laboratorio", "Kit"]
FIELDS = (Field.PATIENT_CODE, Field.SAMPLED_ON, Field.RESULT, Field.LABORATORY, Field.KIT)

codes = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._/-]{0,20}\Z")
# What Latin-1 can write, with the delimiters and quotes that must survive.
names = st.text("abcóéÜ ;,'\"½", max_size=30).map(str.strip)
records = st.tuples(
    codes, st.dates(date(1950, 1, 1), TODAY),
    st.sampled_from(["positive", "negative", "indeterminate"]), names, names,
)  # fmt: skip


def rows_of(data: bytes):
    return list(open_table(data, LABORATORY).rows(TODAY))


def outcome(data: bytes):
    """The rows, or the sentence of a refusal."""
    try:
        return rows_of(data)
    except TableRefused as refused:
        return str(refused.sentence)


def values_of(rows):
    return [tuple(row.values.get(field, "") for field in FIELDS) for row in rows]


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("Código de paciente", Field.PATIENT_CODE),
        ("patient_id", Field.PATIENT_CODE),
        ("FECHA", Field.SAMPLED_ON),
        ("Fecha de toma de muestra", Field.SAMPLED_ON),
        ("Sample date", Field.SAMPLED_ON),
        ("collection_date", Field.SAMPLED_ON),
        ("Resultado RT-PCR", Field.RESULT),
        ("rt_pcr", Field.RESULT),
        ("Result", Field.RESULT),
        ("Laboratorio", Field.LABORATORY),
        ("laboratory", Field.LABORATORY),
        ("KIT", Field.KIT),
        ("Test kit", Field.KIT),
        ("ID propio", Field.OWN_ID),
        ("ID radiografía", Field.RADIOGRAPH),
    ],
)
def test_a_column_is_found(name, field):
    assert fields_of([name], LABORATORY) == [field]


@pytest.mark.parametrize("name", ["Nombre", "Apellido", "DNI", "edad", "archivo", "sexo", ""])
def test_a_column_is_not_read(name):
    assert fields_of([name], LABORATORY) == [None]


def test_no_word_means_two_things():
    pairs = LABORATORY.words.values()
    words = [plain(word) for pair in pairs for language in pair for word in language]
    assert sorted(words) == sorted(set(words))


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_names_of_the_template_are_known(language):
    words = header_words(language, LABORATORY)
    assert fields_of(list(words.values()), LABORATORY) == list(words)


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("make", [csv_template, xlsx_template])
def test_the_template_reads_without_a_problem(make, language):
    opened = open_table(make(language, SHEET), LABORATORY)
    rows = list(opened.rows(TODAY))
    assert opened.ignored == ()
    assert [row.problems for row in rows] == [(), ()]
    assert [row.values[Field.RESULT] for row in rows] == ["positive", "negative"]
    assert rows[0].values[Field.SAMPLED_ON] == date(2020, 5, 31)


def test_the_spanish_template_opens_in_a_spanish_excel():
    text = csv_template("es", SHEET).decode("utf-8")
    assert text.startswith("\ufeffCódigo de paciente;Fecha de la muestra;Resultado;")
    assert len(next(csv.reader(io.StringIO(text), delimiter=";"))) == len(SHEET.columns)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Positivo", "positive"), ("DETECTABLE", "positive"), ("positive", "positive"),
        ("Negativo", "negative"), ("no detectado", "negative"), ("Not detected", "negative"),
        ("Indeterminado", "indeterminate"), ("no concluyente", "indeterminate"),
        ("inconclusive", "indeterminate"), ("Dudoso", "indeterminate"),
    ],
)  # fmt: skip
def test_words_of_results(text, result):
    assert value_of(Field.RESULT, text, TODAY) == result


@pytest.mark.parametrize("text", ["pendiente", "si", "1", "+", "-", "ND", "desconocido", "unknown"])
def test_no_results(text):
    with pytest.raises(BadCell) as bad:
        value_of(Field.RESULT, text, TODAY)
    assert cell_sentence(bad.value.code)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("01/01/1800", "date-too-early"), ("22/11/2026", "test-in-future"),
        ("05/31/2020", "bad-date"), ("ayer", "bad-date"),
    ],
)  # fmt: skip
def test_no_days_of_a_sample(text, code):
    with pytest.raises(BadCell) as bad:
        value_of(Field.SAMPLED_ON, text, TODAY)
    assert bad.value.code == code


@pytest.mark.parametrize(
    ("field", "code"), [(Field.LABORATORY, "bad-laboratory"), (Field.KIT, "bad-kit")]
)
@pytest.mark.parametrize("text", ["x" * 121, "a\x07b"])
def test_names_that_cannot_be_kept(field, code, text):
    with pytest.raises(BadCell) as bad:
        value_of(field, text, TODAY)
    assert bad.value.code == code


@pytest.mark.parametrize("layout", ["%d/%m/%Y", "%Y-%m-%d"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("delimiter", [";", ","])
@settings(max_examples=10, deadline=None)
@given(rows=st.lists(records, min_size=1, max_size=5))
def test_a_written_csv_is_read_back(delimiter, encoding, layout, rows):
    lines = [[row[0], row[1].strftime(layout), *row[2:]] for row in rows]
    assert values_of(rows_of(csv_of([HEADER, *lines], delimiter, encoding))) == rows


@settings(max_examples=10, deadline=None)
@given(rows=st.lists(records, min_size=1, max_size=5))
def test_a_written_xlsx_is_read_back(rows):
    assert values_of(rows_of(xlsx_of([HEADER, *rows]))) == rows


@settings(deadline=None)
@given(data=st.binary(max_size=400))
def test_any_bytes_are_a_table_or_a_refusal(data):
    assert outcome(data)


def test_rows_above_a_broken_one_are_read_before_it():
    rows = open_table(b"id paciente;resultado\n" + b"P-1;neg\n" * 20 + b'"P', LABORATORY).rows(
        TODAY
    )
    assert [next(rows).number for _ in range(20)] == list(range(2, 22))
    with pytest.raises(TableRefused):
        next(rows)


def test_too_many_rows_are_refused_where_they_begin():
    data = b"id paciente;resultado\n" + b"P-1;neg\n" * (MAX_ROWS + 1)
    with pytest.raises(TableRefused) as refused:
        rows_of(data)
    assert refused.value.code == "too-many-rows"


def test_a_character_that_is_cut_by_a_block_is_whole(monkeypatch):
    monkeypatch.setattr("images.tables.text.BLOCK_BYTES", 7)
    data = csv_of([HEADER, ["P-1", "2020-05-31", "positivo", "Laboratorio Ñandú", "½"]])
    assert rows_of(data)[0].values[Field.LABORATORY] == "Laboratorio Ñandú"
