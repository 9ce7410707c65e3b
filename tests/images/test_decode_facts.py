"""Only the allow-list leaves a DICOM header, and only as terms that cannot hold free text."""

import io
import json
from typing import Any

import pytest

from images.decoding import Facts, decode
from tests.images.malformed import dicom, real_dicom


def facts(**elements: Any) -> Facts:
    return decode(io.BytesIO(dicom(**elements))).facts


def test_the_allowed_facts_leave() -> None:
    assert facts(
        ViewPosition="PA", BodyPartExamined="CHEST", PatientSex="F", PatientAge="061Y",
        BurnedInAnnotation="NO", ImageLaterality="U", PixelSpacing=[0.143, 0.143],
    ) == {
        "modality": "CR", "view_position": "PA", "body_part": "CHEST",
        "photometric": "MONOCHROME2", "bits_stored": 12, "patient_sex": "F",
        "patient_age_years": 61, "rows": 96, "columns": 80, "burned_in_annotation": False,
        "laterality": "U", "pixel_spacing_mm": [0.143, 0.143],
    }  # fmt: skip


def test_nothing_else_leaves() -> None:
    result = decode(io.BytesIO(dicom(PatientComments="SECRET", ImageComments="SECRET")))
    everything = json.dumps(result.facts).encode() + result.pixels.to_png()
    for secret in (b"SECRET", b"ROE", b"JANE", b"1931", b"2020", b"1.2.8"):
        assert secret not in everything


def test_the_facts_of_a_bare_file_are_empty() -> None:
    bare = facts(PatientBirthDate="")
    assert bare["patient_age_years"] is bare["pixel_spacing_mm"] is None
    assert bare["burned_in_annotation"] is None
    assert bare["view_position"] == bare["body_part"] == bare["patient_sex"] == ""


@pytest.mark.parametrize(
    ("age", "years"),
    [
        ("000Y", 0), ("018M", 1), ("011M", 0), ("060W", 1), ("400D", 1), ("089Y", 89),
        ("090Y", 90), ("104Y", 90), ("999M", 83), ("Y", None), ("61", None), ("ABCY", None),
    ],
)  # fmt: skip
def test_ages_are_years_and_end_at_90(age: str, years: int | None) -> None:
    assert facts(PatientAge=age, PatientBirthDate="")["patient_age_years"] == years


@pytest.mark.parametrize(
    ("born", "taken", "years"),
    [
        ("19600615", "20200614", 59), ("19600615", "20200615", 60), ("20200401", "20200401", 0),
        ("19310203", "20200401", 89), ("19300203", "20200401", 90), ("19010101", "20200401", 90),
        ("20210101", "20200401", None), ("17700101", "20200401", None), ("1960", "20200401", None),
        ("19600615", "", None),
    ],
)  # fmt: skip
def test_an_age_that_is_not_written_comes_from_two_dates(
    born: str, taken: str, years: int | None
) -> None:
    assert facts(PatientBirthDate=born, StudyDate=taken)["patient_age_years"] == years


def test_the_written_age_stands_before_the_dates() -> None:
    assert facts(PatientAge="061Y", PatientBirthDate="20000101")["patient_age_years"] == 61


@pytest.mark.parametrize(
    ("view", "expected"),
    [("PA", "PA"), ("AP", "AP"), ("LL", "LL"), ("RL", "LL"), ("LATERAL", "LL"), ("ROE", "")],
)
def test_views_are_known_terms(view: str, expected: str) -> None:
    assert facts(ViewPosition=view)["view_position"] == expected


@pytest.mark.parametrize(
    ("keyword", "fact"),
    [
        ("BodyPartExamined", "body_part"),
        ("PatientSex", "patient_sex"),
        ("ImageLaterality", "laterality"),
        ("Laterality", "laterality"),
        ("ViewPosition", "view_position"),
    ],
)
def test_free_text_hides_in_no_coded_attribute(keyword: str, fact: str) -> None:
    assert facts(**{keyword: "JANE ROE"})[fact] == ""  # type: ignore[literal-required]


@pytest.mark.parametrize("spacing", [[0, 0], [-1, 1], [50, 50], [0.1, float("nan")]])
def test_an_implausible_spacing_is_not_said(spacing: list[float]) -> None:
    assert facts(PixelSpacing=[str(value) for value in spacing])["pixel_spacing_mm"] is None


def test_the_spacing_of_the_detector_stands_in() -> None:
    assert facts(ImagerPixelSpacing=[0.2, 0.2])["pixel_spacing_mm"] == [0.2, 0.2]


def test_the_public_chest_film_says_what_it_is() -> None:
    said = decode(io.BytesIO(real_dicom("RG1_UNCR.dcm"))).facts
    assert (said["modality"], said["view_position"], said["body_part"]) == ("CR", "PA", "CHEST")
    assert (said["photometric"], said["bits_stored"]) == ("MONOCHROME1", 15)
