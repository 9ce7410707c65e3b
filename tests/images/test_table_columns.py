"""Names of columns, however people write them."""

import pytest

from images.tables import Field, TableRefused
from images.tables.columns import WORDS, fields_of, header_words, plain


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("Archivo", Field.FILE),
        ("  NOMBRE DE ARCHIVO ", Field.FILE),
        ("filename", Field.FILE),
        ("Código de paciente", Field.PATIENT_CODE),
        ("codigo_paciente", Field.PATIENT_CODE),
        ("patient_id", Field.PATIENT_CODE),
        ("Género", Field.SEX),
        ("EDAD (años)", Field.AGE),
        ("Fecha RX", Field.ACQUIRED_ON),
        ("acquired_on", Field.ACQUIRED_ON),
        ("Proyeccion", Field.VIEW),
        ("RT-PCR", Field.RT_PCR),
        ("rt_pcr", Field.RT_PCR),
        ("Fecha de la RT-PCR", Field.TESTED_ON),
        ("ID propio", Field.OWN_ID),
        ("Source", Field.SOURCE),
    ],
)
def test_is_found(name, field):
    assert fields_of([name]) == [field]


@pytest.mark.parametrize(
    "name", ["Nombre", "Apellido", "paciente", "DNI", "historia clínica", "label", "", "name"]
)
def test_is_not_read(name):
    assert fields_of([name]) == [None]


def test_two_columns_for_one_thing_are_refused():
    with pytest.raises(TableRefused) as refused:
        fields_of(["archivo", "filename"])
    assert refused.value.code == "column-twice"


def test_no_word_means_two_things():
    words = [plain(word) for pair in WORDS.values() for words in pair for word in words]
    assert sorted(words) == sorted(set(words))


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_names_of_the_template_are_known(language):
    words = header_words(language)
    assert fields_of(list(words.values())) == list(words)
