"""One cell to one value, or to the reason why not. Pure: nothing is looked up."""

import re
from collections.abc import Callable
from datetime import date
from typing import Final
from uuid import UUID

from django.core.exceptions import ValidationError

from images.errors import Refused
from images.models.patient import CODE_MAX_LENGTH, valid_code
from images.names import normalised
from images.tables.columns import Field, plain
from images.tables.reasons import BadCell

Value = str | int | date | UUID

EARLIEST: Final = date(1950, 1, 1)
OLDEST: Final = 130
OWN_ID_MAX_LENGTH: Final = 64
SOURCE_MAX_LENGTH: Final = 80
# As images.models.truth keeps them.
LABORATORY_MAX_LENGTH: Final = 120

SEXES: Final = {
    **dict.fromkeys(("f", "fem", "femenino", "femenina", "female", "mujer", "woman"), "F"),
    **dict.fromkeys(("m", "masc", "masculino", "masculina", "male", "hombre", "varon", "man"), "M"),
    **dict.fromkeys(("h", "v"), "M"),  # hombre, varón
    **dict.fromkeys(("o", "x", "otro", "otra", "other", "intersexual", "intersex"), "O"),
}
# In a column with H (hombre), M is short for "mujer" as likely as for "masculino".
MALE_BY_H: Final = "h"
DOUBTFUL_BESIDE_H: Final = "m"
VIEWS: Final = {
    **dict.fromkeys(("pa", "posteroanterior", "postero anterior", "frontal pa", "pa erect"), "PA"),
    **dict.fromkeys(("ap", "anteroposterior", "antero posterior", "frontal ap", "ap erect"), "AP"),
    **dict.fromkeys(
        ("ap supine", "ap supino", "supino", "supine", "ap acostado", "decubito supino",
         "anteroposterior supino", "antero posterior supine", "antero posterior supino"),
        "AP-supine",
    ),
    **dict.fromkeys(("l", "ll", "lat", "lateral", "perfil", "left lateral"), "L"),
}  # fmt: skip
WORDS_OF_RESULTS: Final = {
    **dict.fromkeys(
        ("positivo", "positiva", "positive", "pos", "detectado", "detectada", "detectable",
         "se detecta", "detected"),
        "positive",
    ),
    **dict.fromkeys(
        ("negativo", "negativa", "negative", "neg", "no detectado", "no detectada",
         "no detectable", "no se detecta", "not detected", "undetected", "not detectable",
         "undetectable"),
        "negative",
    ),
}  # fmt: skip
INDETERMINATE: Final = (
    "indeterminado", "indeterminada", "indeterminate", "indet", "no concluyente", "inconclusive",
)  # fmt: skip
RESULTS: Final = {
    **WORDS_OF_RESULTS,
    **dict.fromkeys(
        ("desconocido", "desconocida", "unknown", "pendiente", "pending", "no realizado",
         "no realizada", "sin realizar", "not done", "invalido", "invalid"),
        "unknown",
    ),
    **dict.fromkeys(INDETERMINATE, "indeterminate"),
}  # fmt: skip
# A laboratory's table: whoever has no result yet leaves the row out.
LABORATORY_RESULTS: Final = {
    **WORDS_OF_RESULTS,
    **dict.fromkeys(
        (*INDETERMINATE, "dudoso", "dudosa", "equivocal", "no conclusivo", "inconcluso",
         "borderline"),
        "indeterminate",
    ),
}  # fmt: skip
NOTHING_SAID: Final = frozenset(
    {"desconocido", "desconocida", "unknown", "sin dato", "sin datos", "no informado", "na", "n a"}
)
MAY_SAY_NOTHING: Final = (
    Field.SEX, Field.AGE, Field.VIEW, Field.ACQUIRED_ON, Field.TESTED_ON, Field.SAMPLED_ON,
    Field.LABORATORY, Field.KIT,
)  # fmt: skip

ISO_DAY: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
OUR_DAY: Final = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
MIDNIGHT: Final = re.compile(r"[T ]0?0:00(:00(\.0+)?)?\Z")
AGE: Final = re.compile(
    r"(\d{1,3}(?:[.,]\d{1,4})?)\s*(a|año|años|y|yr|yrs|year|years|m|mes|meses|month|months)?",
    re.IGNORECASE | re.ASCII,
)
MONTHS: Final = frozenset({"m", "mes", "meses", "month", "months"})


def value_of(field: Field, text: str, today: date) -> Value | None:
    """What the cell says, None where it says nothing. Raises BadCell, never anything else."""
    text = text.strip()
    if not text or (field in MAY_SAY_NOTHING and plain(text) in NOTHING_SAID):
        return None
    if field in (Field.ACQUIRED_ON, Field.TESTED_ON, Field.SAMPLED_ON):
        later = "film-in-future" if field is Field.ACQUIRED_ON else "test-in-future"
        return _day(text, today, later)
    return READERS[field](text)


def _day(text: str, today: date, later: str) -> date:
    text = MIDNIGHT.sub("", text)
    try:
        if iso := ISO_DAY.fullmatch(text):
            day = date(int(iso[1]), int(iso[2]), int(iso[3]))
        elif ours := OUR_DAY.fullmatch(text):
            day = date(int(ours[3]), int(ours[2]), int(ours[1]))
        else:
            raise BadCell("bad-date")
    except ValueError:
        raise BadCell("bad-date") from None
    if day < EARLIEST:
        raise BadCell("date-too-early")
    if day > today:
        raise BadCell(later)
    return day


def _age(text: str) -> int:
    """Whole years; parts of a year are dropped, as in a birthday."""
    said = AGE.fullmatch(text)
    if said is None:
        raise BadCell("bad-age")
    number = float(said[1].replace(",", "."))
    years = int(number / 12 if (said[2] or "").lower() in MONTHS else number)
    if years > OLDEST:
        raise BadCell("bad-age")
    return years


def _word(words: dict[str, str], code: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        # plain() leaves nothing of "+" and "-", which are results too short to be trusted.
        known = words.get(plain(text))
        if known is None:
            raise BadCell(code)
        return known

    return read


def _code(longest: int, code: str, *, digit: bool = False) -> Callable[[str], str]:
    def read(text: str) -> str:
        try:
            valid_code(text)
        except ValidationError:
            raise BadCell(code) from None
        if len(text) > longest or (digit and not re.search(r"[0-9]", text)):
            raise BadCell(code)
        return text

    return read


def _line(longest: int, code: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if len(text) > longest or not text.isprintable():
            raise BadCell(code)
        return text

    return read


def _file(text: str) -> str:
    try:
        return normalised(text)
    except Refused:
        raise BadCell("bad-file-name") from None


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BadCell("bad-id") from None


READERS: Final[dict[Field, Callable[[str], Value]]] = {
    Field.FILE: _file,
    Field.RADIOGRAPH: _id,
    Field.PATIENT_CODE: _code(CODE_MAX_LENGTH, "bad-patient-code"),
    Field.SEX: _word(SEXES, "bad-sex"),
    Field.AGE: _age,
    Field.VIEW: _word(VIEWS, "bad-view"),
    Field.RT_PCR: _word(RESULTS, "bad-result"),
    # A digit at least: no first name passes for a code.
    Field.OWN_ID: _code(OWN_ID_MAX_LENGTH, "bad-own-id", digit=True),
    Field.SOURCE: _line(SOURCE_MAX_LENGTH, "bad-source"),
    Field.RESULT: _word(LABORATORY_RESULTS, "bad-laboratory-result"),
    Field.LABORATORY: _line(LABORATORY_MAX_LENGTH, "bad-laboratory"),
    Field.KIT: _line(LABORATORY_MAX_LENGTH, "bad-kit"),
}
