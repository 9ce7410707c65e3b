"""One cell of a table."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from images.tables import Field
from images.tables.reasons import BadCell, cell_sentence
from images.tables.values import EARLIEST, value_of

TODAY = date(2026, 11, 21)


def read(field, text):
    return value_of(field, text, TODAY)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("31/05/2020", date(2020, 5, 31)),
        ("1/2/2020", date(2020, 2, 1)),
        ("31-05-2020", date(2020, 5, 31)),
        ("31.05.2020", date(2020, 5, 31)),
        ("2020-05-31", date(2020, 5, 31)),
        ("2020/5/31", date(2020, 5, 31)),
        ("2020-05-31 00:00:00", date(2020, 5, 31)),
        ("2020-05-31T00:00", date(2020, 5, 31)),
        ("01/01/1950", EARLIEST),
        ("21/11/2026", TODAY),
    ],
)
def test_days(text, day):
    assert read(Field.ACQUIRED_ON, text) == read(Field.TESTED_ON, text) == day


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("01/01/1800", "date-too-early"),
        ("31/12/1949", "date-too-early"),
        ("22/11/2026", "film-in-future"),
        ("05/31/2020", "bad-date"),
        ("31/05/20", "bad-date"),
        ("31/02/2020", "bad-date"),
        ("43982", "bad-date"),
        ("ayer", "bad-date"),
        ("0000-00-00", "bad-date"),
        ("٣١/٠٥/٢٠٢٠٢", "bad-date"),
    ],
)
def test_no_days(text, code):
    with pytest.raises(BadCell) as bad:
        read(Field.ACQUIRED_ON, text)
    assert bad.value.code == code


def test_a_test_in_the_future():
    with pytest.raises(BadCell) as bad:
        read(Field.TESTED_ON, "22/11/2026")
    assert bad.value.code == "test-in-future"


@pytest.mark.parametrize(
    ("text", "years"),
    [("61", 61), ("61,5", 61), ("61.99", 61), ("061", 61), ("61 años", 61), ("61y", 61),
     ("18 meses", 1), ("0,5", 0), ("130", 130)],
)  # fmt: skip
def test_ages(text, years):
    assert read(Field.AGE, text) == years


@pytest.mark.parametrize("text", ["131", "-1", "adulto", "1e3", "61 62", "999 años"])
def test_no_ages(text):
    with pytest.raises(BadCell):
        read(Field.AGE, text)


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (Field.SEX, "Femenino", "F"),
        (Field.SEX, "mujer", "F"),
        (Field.SEX, "M", "M"),
        (Field.SEX, "VARÓN", "M"),
        (Field.SEX, "Otro", "O"),
        (Field.VIEW, "pa", "PA"),
        (Field.VIEW, "AP supino", "AP-supine"),
        (Field.VIEW, "ap-supine", "AP-supine"),
        (Field.VIEW, "Perfil", "L"),
        (Field.RT_PCR, "POSITIVO", "positive"),
        (Field.RT_PCR, "Detectable", "positive"),
        (Field.RT_PCR, "No detectable", "negative"),
        (Field.RT_PCR, "not detected", "negative"),
        (Field.RT_PCR, "Pendiente", "unknown"),
        (Field.RT_PCR, "desconocido", "unknown"),
        (Field.PATIENT_CODE, "P-0017", "P-0017"),
        (Field.OWN_ID, "RX-1001", "RX-1001"),
        (Field.SOURCE, "Portátil 2", "Portátil 2"),
        (Field.FILE, "carpeta\\film.png", "carpeta/film.png"),
    ],
)
def test_words(field, text, value):
    assert read(field, text) == value


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (Field.SEX, "?"),
        (Field.SEX, "Z"),
        (Field.VIEW, "oblicua"),
        (Field.RT_PCR, "si"),
        (Field.RT_PCR, "1"),
        (Field.RT_PCR, "ND"),
        (Field.PATIENT_CODE, "María Gómez"),
        (Field.PATIENT_CODE, "x" * 101),
        (Field.OWN_ID, "Maria"),
        (Field.OWN_ID, "1" * 65),
        (Field.SOURCE, "x" * 81),
        (Field.SOURCE, "a\nb"),
        (Field.FILE, "../film.png"),
        (Field.FILE, "/etc/passwd"),
        (Field.RADIOGRAPH, "17"),
    ],
)
def test_no_words(field, text):
    with pytest.raises(BadCell) as bad:
        read(field, text)
    assert str(cell_sentence(bad.value.code))


@pytest.mark.parametrize("text", ["NA", "na", "ña"])
def test_a_code_or_a_source_is_taken_at_its_word(text):
    assert read(Field.SOURCE, text) == text


@pytest.mark.parametrize("field", Field)
@pytest.mark.parametrize("text", ["", "   ", "\t"])
def test_an_empty_cell_says_nothing(field, text):
    assert read(field, text) is None


@given(field=st.sampled_from(Field), text=st.text(max_size=300))
def test_a_cell_is_a_value_or_a_reason(field, text):
    value, reason = value_or_reason(field, text)
    assert isinstance(value, str | int | date | UUID | None)
    assert reason is None or cell_sentence(reason)


def value_or_reason(field, text):
    try:
        return read(field, text), None
    except BadCell as bad:
        return None, bad.code


@given(day=st.dates(EARLIEST, TODAY), layout=st.sampled_from(["%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y"]))
def test_every_day_is_read_back(day, layout):
    assert read(Field.ACQUIRED_ON, day.strftime(layout)) == day
