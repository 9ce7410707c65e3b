"""The columns of a laboratory's table, and the one to fill in."""

from datetime import date
from typing import Final

from images.tables.columns import WORDS, Field, Vocabulary
from images.tables.template import Sheet

LABORATORY: Final = Vocabulary(
    {
        Field.PATIENT_CODE: WORDS[Field.PATIENT_CODE],
        Field.SAMPLED_ON: (
            ("fecha de la muestra", "fecha muestra", "fecha de muestra", "fecha de toma",
             "fecha toma", "fecha de toma de muestra", "fecha de la toma de muestra",
             "fecha de la toma", "toma de muestra", "fecha del hisopado", "fecha de hisopado",
             "fecha", "fecha rt-pcr", "fecha de rt-pcr", "fecha de la rt-pcr", "fecha pcr",
             "fecha de pcr", "fecha de la pcr", "fecha de la prueba", "fecha prueba",
             "fecha del test"),
            ("date of the sample", "sample date", "date of sample", "date", "collection date",
             "date of collection", "collected on", "specimen date", "swab date", "sampled on",
             "rt-pcr date", "pcr date", "date of the test", "test date", "tested on"),
        ),
        Field.RESULT: (
            ("resultado", "resultado rt-pcr", "resultado de la rt-pcr", "resultado de rt-pcr",
             "resultado pcr", "resultado de la pcr", "resultado de pcr", "rt-pcr", "rtpcr", "pcr"),
            ("result", "rt-pcr result", "pcr result", "test result"),
        ),
        Field.LABORATORY: (
            ("laboratorio", "lab", "laboratorio que informa", "nombre del laboratorio"),
            ("laboratory", "name of the laboratory", "testing laboratory"),
        ),
        Field.KIT: (
            ("kit", "kit de prueba", "kit diagnóstico", "kit de diagnóstico", "reactivo",
             "kit utilizado", "ensayo"),
            ("test kit", "assay", "reagent", "kit name"),
        ),
        Field.OWN_ID: WORDS[Field.OWN_ID],
        Field.RADIOGRAPH: WORDS[Field.RADIOGRAPH],
    }
)  # fmt: skip
# What names whose sample it was.
ADDRESSES: Final = (Field.RADIOGRAPH, Field.OWN_ID, Field.PATIENT_CODE)
NEEDED: Final = {Field.SAMPLED_ON: "no-sample-column", Field.RESULT: "no-result-column"}

_CHOICES: Final = {
    "es": {Field.RESULT: ("Positivo", "Negativo", "Indeterminado")},
    "en": {Field.RESULT: ("Positive", "Negative", "Indeterminate")},
}
_PLACES: Final = {"es": ("Laboratorio Central", "Kit A"), "en": ("Central Laboratory", "Kit A")}
_DAYS: Final = (date(2020, 5, 31), date(2020, 6, 2))


def _example(language: str, number: int) -> dict[Field, object]:
    laboratory, kit = _PLACES[language]
    return {
        Field.PATIENT_CODE: f"P-000{number + 1}",
        Field.SAMPLED_ON: _DAYS[number],
        Field.RESULT: _CHOICES[language][Field.RESULT][number],
        Field.LABORATORY: laboratory,
        Field.KIT: kit,
        Field.OWN_ID: f"RX-{1001 + number}" if number else None,
    }


SHEET: Final = Sheet(
    LABORATORY,
    tuple(field for field in LABORATORY.words if field is not Field.RADIOGRAPH),
    _CHOICES,
    {language: [_example(language, number) for number in (0, 1)] for language in _CHOICES},
)
