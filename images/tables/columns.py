"""Names of columns, as people write them in Spanish and English, to what they hold."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from images.tables.reasons import TableRefused


class Field(StrEnum):
    """What a column may hold; the values are the keys of `IncomingFile.facts`, too."""

    FILE = "file"
    RADIOGRAPH = "id"
    PATIENT_CODE = "patient_code"
    SEX = "sex"
    AGE = "age_years"
    ACQUIRED_ON = "acquired_on"
    VIEW = "view"
    RT_PCR = "rt_pcr"
    TESTED_ON = "tested_on"
    OWN_ID = "own_id"
    SOURCE = "source"
    # Of a laboratory's table alone.
    SAMPLED_ON = "sampled_on"
    RESULT = "result"
    LABORATORY = "laboratory"
    KIT = "kit"


LABELS: Final[dict[Field, Promise | str]] = {
    Field.FILE: _("File"),
    Field.RADIOGRAPH: _("Identifier of the radiograph"),
    Field.PATIENT_CODE: _("Patient code"),
    Field.SEX: _("Sex"),
    Field.AGE: _("Age in years"),
    Field.ACQUIRED_ON: _("Date of the radiograph"),
    Field.VIEW: pgettext_lazy("radiograph", "View"),
    Field.RT_PCR: _("RT-PCR result"),
    Field.TESTED_ON: _("Date of the test"),
    Field.OWN_ID: _("Your own identifier"),
    Field.SOURCE: _("Source"),
    Field.SAMPLED_ON: _("Date of the sample"),
    Field.RESULT: _("Result"),
    Field.LABORATORY: _("Laboratory"),
    Field.KIT: _("Test kit"),
}

Words = Mapping[Field, tuple[tuple[str, ...], tuple[str, ...]]]

# The first of each language stands in the template. Words for names and documents of people are
# absent on purpose: what such columns hold is never read.
WORDS: Final[Words] = {
    Field.FILE: (
        ("archivo", "nombre de archivo", "nombre del archivo", "fichero", "nombre de fichero",
         "imagen", "nombre de imagen", "nombre de la imagen", "ruta"),
        ("file", "filename", "file name", "image", "image name", "path"),
    ),
    Field.RADIOGRAPH: (
        ("id radiografía", "id", "id de la radiografía", "identificador de la radiografía"),
        ("radiograph id", "uuid", "image id", "identifier of the radiograph"),
    ),
    Field.PATIENT_CODE: (
        ("código de paciente", "código paciente", "código del paciente", "cod paciente",
         "id paciente", "id de paciente", "id del paciente", "seudónimo"),
        ("patient code", "patient id", "patientid", "pseudonym", "subject id"),
    ),
    Field.SEX: (("sexo", "género"), ("sex", "gender", "patient sex")),
    Field.AGE: (
        ("edad", "edad en años", "edad años", "edad del paciente"),
        ("age", "age in years", "age years", "patient age"),
    ),
    Field.ACQUIRED_ON: (
        ("fecha de la radiografía", "fecha radiografía", "fecha de radiografía", "fecha rx",
         "fecha de rx", "fecha", "fecha de adquisición", "fecha adquisición", "fecha del estudio",
         "fecha de estudio", "fecha estudio", "fecha de la imagen"),
        ("date of the radiograph", "radiograph date", "date", "acquisition date", "acquired on",
         "study date", "image date", "date of acquisition"),
    ),
    Field.VIEW: (
        ("proyección", "vista", "incidencia"),
        ("view", "projection", "view position"),
    ),
    Field.RT_PCR: (
        ("resultado rt-pcr", "rt-pcr", "rtpcr", "pcr", "resultado pcr", "resultado de la rt-pcr",
         "resultado de rt-pcr", "resultado de la pcr", "resultado de pcr", "resultado"),
        ("rt-pcr result", "pcr result", "result", "test result"),
    ),
    Field.TESTED_ON: (
        ("fecha rt-pcr", "fecha de la rt-pcr", "fecha de rt-pcr", "fecha pcr", "fecha de la pcr",
         "fecha de pcr", "fecha de la prueba", "fecha prueba", "fecha del test",
         "fecha del hisopado"),
        ("rt-pcr date", "pcr date", "date of rt-pcr", "date of the rt-pcr", "date of the test",
         "test date", "tested on", "date of pcr"),
    ),
    Field.OWN_ID: (
        ("identificador propio", "id propio", "código propio", "id interno", "código interno",
         "identificador interno", "id local", "id del estudio"),
        ("own id", "own identifier", "your own identifier", "local id", "site id", "study id"),
    ),
    Field.SOURCE: (
        ("fuente", "origen", "equipo", "procedencia"),
        ("source", "equipment", "device"),
    ),
}  # fmt: skip


def plain(text: str) -> str:
    """Lower case, no accents, one space for whatever is no letter or digit: `Código_Paciente`."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(mark for mark in bare if not unicodedata.combining(mark))
    return re.sub(r"[\W_]+", " ", kept).strip()


@dataclass(frozen=True)
class Vocabulary:
    """The columns of one kind of table: by field, their names in Spanish and in English."""

    words: Words

    @cached_property
    def known(self) -> dict[str, Field]:
        """Plain name of a column to what it holds."""
        return {
            plain(word): field
            for field, languages in self.words.items()
            for words in languages
            for word in (field.value, *words)
        }


METADATA: Final = Vocabulary(WORDS)


def fields_of(header: Sequence[str], vocabulary: Vocabulary = METADATA) -> list[Field | None]:
    """What each column holds, None where its name is unknown. Raises TableRefused for two alike."""
    fields = [vocabulary.known.get(plain(name)) for name in header]
    for field in Field:
        if fields.count(field) > 1:
            raise TableRefused("column-twice", field=LABELS[field])
    return fields


def header_words(language: str, vocabulary: Vocabulary = METADATA) -> dict[Field, str]:
    """The names of the template's columns in `es` or `en`."""
    place = 1 if language.startswith("en") else 0
    words = vocabulary.words.items()
    return {field: languages[place][0].capitalize() for field, languages in words}
