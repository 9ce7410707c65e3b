"""The few facts of a DICOM header that may leave it: an allow-list, never a block-list.

What is not named in :class:`Facts` is not kept at all: no names, dates, identifiers (UIDs
included), institutions, devices, comments or private elements. Coded attributes leave only when
their value is one of the terms listed here, since any text can hide in any attribute of a file.
Ages above 89 become 90 (the HIPAA safe-harbour rule, 45 CFR 164.514(b)(2)(i)(C)).
Attributes: DICOM PS3.3 C.7.1.1, C.7.2.2, C.7.3.1, C.7.6.3, C.8.11.
"""

from __future__ import annotations

from datetime import date
from typing import Final, TypedDict

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from images.decoding.identity import day_of, identity_of
from images.decoding.reasons import HOSTILE

_VIEWS: Final = {
    "PA": "PA", "AP": "AP", "LL": "LL", "RL": "LL", "LATERAL": "LL", "LAT": "LL",
}  # fmt: skip
# Terms of PS3.16 annex L for what is radiographed.
_BODY_PARTS: Final = frozenset(
    {
        "ABDOMEN", "ANKLE", "ARM", "BREAST", "CHEST", "CLAVICLE", "CSPINE", "ELBOW", "FOOT",
        "FOREARM", "HAND", "HEAD", "HIP", "HUMERUS", "KNEE", "LEG", "LSPINE", "LUNG", "NECK",
        "PELVIS", "RIB", "SHOULDER", "SKULL", "SPINE", "STERNUM", "THORAX", "THUMB", "TOE",
        "TSPINE", "WHOLEBODY", "WRIST",
    }
)  # fmt: skip
_OLDEST: Final = 90
# Nobody on a chest film is older; a birth date that says so is a header error.
_IMPOSSIBLE_AGE: Final = 130
_FIRST_BIRTH: Final = date(1765, 1, 1)
_DAYS_PER_UNIT: Final = {"D": 1.0, "W": 7.0, "M": 30.4375, "Y": 365.25}


class Facts(TypedDict, total=False):
    """What a DICOM file may say about its picture. All values are JSON; empty text = not said."""

    modality: str
    view_position: str
    body_part: str
    photometric: str
    bits_stored: int
    patient_sex: str
    patient_age_years: int | None
    rows: int
    columns: int
    burned_in_annotation: bool | None
    laterality: str
    pixel_spacing_mm: list[float] | None


# Where each fact is read.
KEYWORDS_OF_FACT: Final[dict[str, tuple[str, ...]]] = {
    "modality": ("Modality",),
    "view_position": ("ViewPosition",),
    "body_part": ("BodyPartExamined",),
    "patient_sex": ("PatientSex",),
    "patient_age_years": ("PatientAge",),
    "burned_in_annotation": ("BurnedInAnnotation",),
    "laterality": ("ImageLaterality", "Laterality"),
    "pixel_spacing_mm": ("PixelSpacing", "ImagerPixelSpacing"),
}


def facts_of(dataset: Dataset) -> Facts:
    """Collect the allowed facts; whatever is malformed counts as not said."""
    return Facts(
        modality=text_of(dataset, "Modality"),
        view_position=_VIEWS.get(text_of(dataset, "ViewPosition"), ""),
        body_part=_term(dataset, "BodyPartExamined", _BODY_PARTS),
        photometric=text_of(dataset, "PhotometricInterpretation"),
        bits_stored=int(dataset.BitsStored),
        patient_sex=_term(dataset, "PatientSex", frozenset("MFO")),
        patient_age_years=_age(dataset),
        rows=int(dataset.Rows),
        columns=int(dataset.Columns),
        burned_in_annotation={"YES": True, "NO": False}.get(text_of(dataset, "BurnedInAnnotation")),
        laterality=_term(dataset, "ImageLaterality", frozenset("RLUB"))
        or _term(dataset, "Laterality", frozenset("RL")),
        pixel_spacing_mm=_spacing(dataset, "PixelSpacing")
        or _spacing(dataset, "ImagerPixelSpacing"),
    )


def text_of(dataset: Dataset, keyword: str) -> str:
    """Return the first value as upper-case text, ``""`` when absent or malformed."""
    try:
        value = dataset.get(keyword)
        if isinstance(value, MultiValue):
            value = value[0] if value else None
        return "" if value is None else str(value).strip().upper()
    except HOSTILE:
        return ""


def numbers_of(dataset: Dataset, keyword: str) -> list[float]:
    """Return the values as floats, ``[]`` when absent or malformed."""
    try:
        value = dataset.get(keyword)
        if value is None or value == "":
            return []
        return [float(each) for each in (value if isinstance(value, MultiValue) else [value])]
    except HOSTILE:
        return []


def _term(dataset: Dataset, keyword: str, terms: frozenset[str]) -> str:
    text = text_of(dataset, keyword)
    return text if text in terms else ""


def _age(dataset: Dataset) -> int | None:
    """The age that is written, else the one on the day of the film; both dates stay behind."""
    written = _age_in_years(text_of(dataset, "PatientAge"))
    born = day_of(dataset, "PatientBirthDate", earliest=_FIRST_BIRTH)
    taken = identity_of(dataset).study_date
    if written is not None or born is None or taken is None:
        return written
    years = taken.year - born.year - ((taken.month, taken.day) < (born.month, born.day))
    return min(years, _OLDEST) if 0 <= years <= _IMPOSSIBLE_AGE else None


def _age_in_years(text: str) -> int | None:
    """Read an age string such as ``045Y`` or ``018M`` (PS3.5 section 6.2)."""
    number, unit = text[:-1], text[-1:]
    if unit not in _DAYS_PER_UNIT or not (number.isascii() and number.isdigit()):
        return None
    years = int(number) if unit == "Y" else int(int(number) * _DAYS_PER_UNIT[unit] / 365.25)
    return min(years, _OLDEST)


def _spacing(dataset: Dataset, keyword: str) -> list[float] | None:
    values = numbers_of(dataset, keyword)
    plausible = len(values) == 2 and all(0.01 <= value <= 10 for value in values)
    return [round(value, 6) for value in values] if plausible else None
