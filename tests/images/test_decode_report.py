"""The report says what was removed, and not one word of it."""

import io
import json
from typing import Any

import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from images.decoding import decode
from images.decoding.report import Report, elements_of
from tests.images.malformed import (
    deflated,
    dicom,
    multi_picture,
    picture,
    png_with,
    radiograph,
    real_dicom,
    saved,
    shades,
    with_orientation,
    written,
)


def report(data: bytes) -> dict[str, Any]:
    stored = decode(io.BytesIO(data)).report.to_json()
    return json.loads(json.dumps(stored))


def actions(data: bytes) -> dict[str, str]:
    return {each.keyword or each.tag: each.action for each in elements_of(report(data))}


def test_each_element_says_what_became_of_it() -> None:
    said = actions(dicom(StudyInstanceUID="1.2.3", PatientSex="F", BodyPartExamined="CHEST"))
    assert {name: said[name] for name in (
        "PatientName", "PatientBirthDate", "InstitutionName", "PatientID", "StudyInstanceUID",
        "SOPInstanceUID", "StudyDate", "PatientSex", "BodyPartExamined", "Rows", "PixelData",
    )} == {
        "PatientName": "removed", "PatientBirthDate": "removed", "InstitutionName": "removed",
        "PatientID": "hashed", "StudyInstanceUID": "hashed", "SOPInstanceUID": "hashed",
        "StudyDate": "shifted", "PatientSex": "kept", "BodyPartExamined": "kept",
        "Rows": "kept", "PixelData": "kept",
    }  # fmt: skip


def test_what_is_no_known_term_is_removed() -> None:
    assert actions(dicom(BodyPartExamined="JANE"))["BodyPartExamined"] == "removed"


def test_a_placeholder_is_no_identifier() -> None:
    assert actions(dicom(PatientID="ANONYMOUS"))["PatientID"] == "removed"


def test_only_one_day_is_moved() -> None:
    said = actions(dicom(AcquisitionDate="20200402", SeriesDate="20200401"))
    assert (said["AcquisitionDate"], said["StudyDate"], said["SeriesDate"]) == (
        "shifted", "removed", "removed",
    )  # fmt: skip


def test_private_elements_are_numbers() -> None:
    dataset = radiograph()
    dataset.private_block(0x0009, "JANE ROE LTD", create=True).add_new(1, "LO", "SECRET")
    said = report(written(dataset))
    assert {"00090010", "00091001"} <= set(said["removed"])
    assert not {"JANE", "SECRET"} & set(json.dumps(said).split('"'))


def test_sequences_go_as_one() -> None:
    item = Dataset()
    item.PatientName = "ROE^JANE"
    said = actions(dicom(RequestAttributesSequence=Sequence([item])))
    assert said["RequestAttributesSequence"] == "removed"


def test_the_file_meta_group_is_listed() -> None:
    assert actions(dicom())["MediaStorageSOPInstanceUID"] == "removed"


def test_drawings_preamble_and_what_follows_are_blocks() -> None:
    dataset = radiograph()
    dataset.add_new(0x60000022, "LO", "JANE ROE")
    dataset.add_new(0x50000030, "SH", "JANE")
    dataset.preamble = b"JANE ROE".ljust(128, b"\0")
    dataset.add_new(0xFFFCFFFC, "OB", b"JANE ROE")
    assert report(written(dataset))["blocks"] == ["preamble", "overlays", "curves", "trailing"]


def test_a_tag_that_no_standard_knows_is_not_quoted() -> None:
    dataset = radiograph()
    dataset.add_new(0x4A424E46, "LO", "x")
    said = report(written(dataset))
    assert "4A424E46" not in json.dumps(said)
    assert said["blocks"] == ["other"]


def test_a_deflated_file_reports_what_is_inside() -> None:
    assert actions(deflated())["PatientName"] == "removed"


def test_a_report_ends_somewhere() -> None:
    long = Report(dict.fromkeys(range(0x00091000, 0x000917D0), "removed")).to_json()
    assert len(long["removed"]) == 600
    assert long["blocks"] == ["more"]


def test_a_real_file_has_a_whole_report() -> None:
    said = report(real_dicom("RG1_UNCR.dcm"))
    assert len(said["removed"]) > 20
    assert set(said) <= {"removed", "hashed", "shifted", "kept", "blocks"}


def jpeg_with(*segments: bytes) -> bytes:
    whole = picture(shades(), "JPEG")
    return whole[:2] + b"".join(segments) + whole[2:]


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


def with_exif() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = "JANE ROE"
    exif.get_ifd(0x8825)[29] = "2020:04:01"
    return exif.tobytes()


@pytest.mark.parametrize(
    ("data", "blocks"),
    [
        (picture(shades()), []),
        (picture(shades(), "JPEG"), []),
        (with_orientation("PNG", 1), ["exif"]),
        (with_orientation("JPEG", 1), ["exif"]),
        (picture(shades(), "JPEG", exif=with_exif()), ["exif", "gps"]),
        (picture(shades(), "PNG", exif=with_exif()), ["exif", "gps"]),
        (picture(shades(), "JPEG", comment="JANE"), ["comment"]),
        (picture(shades(), "JPEG", icc_profile=b"JANE" * 40), ["icc"]),
        (picture(shades(), "PNG", icc_profile=b"JANE" * 40), ["icc"]),
        (picture(shades(), "JPEG", xmp=b"<x>JANE</x>"), ["xmp"]),
        (picture(shades(), "JPEG", progressive=True) + b"JANE", ["trailing"]),
        (picture(shades()) + b"JANE", ["trailing"]),
        (picture(shades(), "JPEG") * 2, ["second-picture"]),
        (multi_picture(), ["second-picture"]),
        (jpeg_with(segment(0xED, b"Photoshop 3.0\08BIM JANE")), ["iptc"]),
        (jpeg_with(segment(0xE0, b"JFXX\0\x10JANE")), ["thumbnail"]),
        (jpeg_with(segment(0xE9, b"JANE")), ["other"]),
        (png_with(b""), []),
    ],
)  # fmt: skip
def test_the_blocks_of_a_picture(data: bytes, blocks: list[str]) -> None:
    assert report(data) == ({"blocks": blocks} if blocks else {})


def test_the_texts_of_a_png() -> None:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Author", "JANE ROE")
    info.add_itxt("XML:com.adobe.xmp", "<x>JANE</x>")
    info.add_text("Raw profile type iptc", "JANE", zip=True)
    data = saved(Image.fromarray(shades()), "PNG", pnginfo=info)
    assert report(data) == {"blocks": ["iptc", "text", "xmp"]}


def test_broken_exif_is_a_block_all_the_same() -> None:
    assert report(jpeg_with(segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff")))["blocks"]
