"""Who and what a DICOM header names: read to be hashed at once, and never kept as it is."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from images.decoding.reasons import HOSTILE

# What equipment writes where it knows no identifier: it would make one patient of many people.
_PLACEHOLDERS: Final = frozenset(
    {
        "ANON", "ANONIMO", "ANONYM", "ANONYMIZED", "ANONYMOUS", "DEIDENTIFIED", "DUMMY",
        "EMERGENCY", "NA", "NAN", "NIL", "NN", "NOID", "NONE", "NOTAVAILABLE", "NULL", "PATIENT",
        "REMOVED", "TEST", "UNKNOWN", "URGENCIA", *("X" * count for count in range(1, 5)),
    }
)  # fmt: skip
_FIRST_FILM: Final = date(1895, 11, 8)
# The day of the exposure itself first; films digitised later carry two different days.
_DAYS: Final = ("AcquisitionDate", "StudyDate", "SeriesDate", "ContentDate")
_LONGEST: Final = 256


@dataclass(frozen=True, repr=False)
class Identity:
    """Identifiers and the day of one DICOM file, as sent; all empty for pictures.

    `patient_id` is normalised and empty where it is a placeholder ("ANONYMOUS", "000"). Lives in
    memory only: `images.services.identities` turns it into keyed hashes. Its repr shows nothing,
    because tracebacks and logs print reprs.
    """

    patient_id: str = ""
    issuer: str = ""
    study_uid: str = ""
    series_uid: str = ""
    instance_uid: str = ""
    study_date: date | None = None
    # Which element said `study_date`.
    day_keyword: str = ""

    def __repr__(self) -> str:
        return "Identity(hidden)"

    @property
    def names_patient(self) -> bool:
        """Whether a patient can be told from it."""
        return bool(self.patient_id)

    def without_patient(self) -> Identity:
        """The same file, of a patient that somebody else names."""
        return replace(self, patient_id="", issuer="")


NOBODY: Final = Identity()


def identity_of(dataset: Dataset) -> Identity:
    """Read what has to be hashed; whatever is malformed counts as not said."""
    days = {name: day for name in _DAYS if (day := day_of(dataset, name))}
    day_keyword = next(iter(days), "")
    patient_id = _text(dataset, "PatientID")
    is_named = _is_identifier(patient_id)
    return Identity(
        patient_id=patient_id if is_named else "",
        issuer=_text(dataset, "IssuerOfPatientID") if is_named else "",
        study_uid=_text(dataset, "StudyInstanceUID"),
        series_uid=_text(dataset, "SeriesInstanceUID"),
        instance_uid=_text(dataset, "SOPInstanceUID"),
        study_date=days.get(day_keyword),
        day_keyword=day_keyword,
    )


def day_of(dataset: Dataset, keyword: str, *, earliest: date = _FIRST_FILM) -> date | None:
    """The day in a DA element (YYYYMMDD, or YYYY.MM.DD of old files; PS3.5 6.2).

    None when it is absent, malformed or before `earliest`.
    """
    text = _text(dataset, keyword).replace(".", "")
    try:
        day = datetime.strptime(text, "%Y%m%d").date()
    except ValueError:
        return None
    return day if len(text) == 8 and day >= earliest else None


def _text(dataset: Dataset, keyword: str) -> str:
    try:
        value = dataset.get(keyword)
        if isinstance(value, MultiValue):
            value = value[0] if value else None
        text = "" if value is None else str(value)
    except HOSTILE:
        return ""
    normal = unicodedata.normalize("NFC", text[:_LONGEST]).strip(" \0\t\r\n")
    return "".join(letter for letter in normal if letter.isprintable())


def _is_identifier(text: str) -> bool:
    letters = "".join(letter for letter in text.upper() if letter.isalnum())
    return bool(letters.strip("0")) and letters not in _PLACEHOLDERS
