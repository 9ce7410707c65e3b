"""What is planted in files is found nowhere afterwards: the scanner that knows what was in them."""

import base64
import io
import logging
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pydicom
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pydicom.datadict import dictionary_VR

from images.decoding import Unreadable
from images.decoding.dicom_file import PLUGIN_OF_SYNTAX
from images.decoding.quiet import quiet
from images.decoding.reasons import HOSTILE
from images.models import PatientIdentity, Radiograph
from images.services import patient_of, store_radiograph
from images.services.batches import open_batch
from images.services.intake import add_local_file, take_in_next
from tests.factories import state_truth
from tests.images.canaries import (
    Canaries,
    canary_dicom,
    canary_jpeg,
    canary_packed_dicom,
    canary_png,
    everything_stored,
    hits,
    unpacked,
)
from tests.images.malformed import PYDICOM_FILES, REAL_FILES, written

MAKERS = {
    "dicom": canary_dicom,
    "packed dicom": canary_packed_dicom,
    "png": canary_png,
    "jpeg": canary_jpeg,
}
LARGE = 700_000
# Codecs that need a process of their own would make this the slowest test of all.
QUICK = ("", "pydicom", "pillow")
IDENTIFYING = ("Institution", "Physician", "Operators", "Station", "Requesting", "Device")


def sent_back(response: Any) -> Iterator[tuple[str, bytes]]:
    """Status line, headers and content of an answer, whatever it is packed in."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    yield "headers", repr(dict(response.headers)).encode()
    yield from unpacked(response.headers.get("Content-Type", ""), content)


def pages_of(client: Any, radiograph: Radiograph) -> Iterator[tuple[str, bytes]]:
    pk = radiograph.pk
    for address in (
        "/images/", f"/images/{pk}/", f"/images/{pk}/picture.png", f"/images/{pk}/thumbnail.jpg",
        f"/images/{pk}/edit/", "/api/v1/images/", f"/api/v1/images/{pk}/", "/api/v1/cases.csv",
        "/api/v1/cases.zip",
    ):  # fmt: skip
        answer = client.get(address)
        assert answer.status_code == 200, address
        for where, content in sent_back(answer):
            yield f"{address} {where}", content


def found(canaries: Canaries, places: Iterator[tuple[str, bytes]]) -> set[tuple[str, str]]:
    needles = canaries.needles()
    return {(where, word) for where, content in places for word in hits(needles, content)}


@pytest.fixture
def loud(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


def logged(caplog: pytest.LogCaptureFixture) -> Iterator[tuple[str, bytes]]:
    yield "log", (caplog.text + repr([vars(record) for record in caplog.records])).encode()


@pytest.mark.parametrize("kind", MAKERS)
def test_no_canary_is_found_after_an_upload(
    kind, site_administrator, sign_in, loud, settings, tmp_path
) -> None:
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    canaries, client = Canaries(), sign_in(site_administrator)
    file = SimpleUploadedFile(f"{canaries.word()}.dcm", MAKERS[kind](canaries))
    answer = client.post("/api/v1/images/", {"file": file, "patient_code": "P-1"})
    assert answer.status_code == 201, answer.content

    radiograph = Radiograph.objects.get()
    state_truth(radiograph, "positive")
    places = [*pages_of(client, radiograph), *everything_stored([tmp_path])]
    assert found(canaries, iter([*places, *sent_back(answer), *logged(loud)])) == set()


def test_no_canary_is_found_after_a_batch(doctor, loud, tmp_path) -> None:
    """Loose files and those of an archive, all with canaries for names; the sender's are sealed."""
    canaries = Canaries()
    batch, _ = open_batch(owner=doctor, site=doctor.site, client_key=uuid.uuid4())
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.comment = canaries.raw()
        for kind in ("dicom", "png"):
            packed.writestr(f"{canaries.word()}/{canaries.word()}.dcm", MAKERS[kind](canaries))
    for content in (archive.getvalue(), canary_jpeg(canaries), canary_packed_dicom(canaries)):
        add_local_file(batch=batch, name=f"{canaries.word()}.zip", stream=io.BytesIO(content))
    while take_in_next():
        pass
    assert Radiograph.objects.count() == 4
    places = [*everything_stored([tmp_path]), *logged(loud)]
    assert found(canaries, iter(places)) == set()


def test_there_are_enough_canaries() -> None:
    counts = {}
    for kind, maker in MAKERS.items():
        canaries = Canaries()
        maker(canaries)
        counts[kind] = len(canaries.words)
    assert counts["dicom"] >= 60
    assert min(counts.values()) >= 12


@pytest.mark.parametrize(
    ("kind", "packed"), [("dicom", 0), ("packed dicom", 0), ("png", 4), ("jpeg", 0)]
)
def test_every_planted_canary_is_in_its_file(kind, packed) -> None:
    """Else the search above would prove nothing. `packed`: deflated, or between pixels."""
    canaries = Canaries()
    content = MAKERS[kind](canaries)
    missing = {word for word in set(canaries.words) - canaries.hits(content) if "-" not in word}
    assert len(missing) == packed, missing


def test_the_scanner_finds_a_canary_in_any_form() -> None:
    canaries = Canaries()
    word = canaries.word()
    for form in (
        word, word.lower(), f"x{base64.b64encode(word.encode()).decode()}", word.encode().hex(),
        base64.b64encode(f"a{word}".encode()).decode(),
        base64.b64encode(f"ab{word}z".encode()).decode(),
    ):  # fmt: skip
        assert canaries.hits(form.encode()) == {word}
    assert canaries.hits(word.encode("utf-16")) == {word}


def test_no_canary_is_found_when_the_header_names_the_patient(site, doctor, loud, tmp_path) -> None:
    canaries = Canaries()
    stream = io.BytesIO(canary_dicom(canaries))
    named = patient_of(site=site, code="new-12345678")
    store_radiograph(stream=stream, patient=named, uploader=doctor, header_decides=True)
    assert PatientIdentity.objects.count() == 1
    places = [*everything_stored([tmp_path]), *logged(loud)]
    assert found(canaries, iter(places)) == set()


def test_no_canary_is_found_in_a_sealed_source_file(site, doctor, loud, tmp_path) -> None:
    site.keep_source_days = 1
    site.save()
    canaries = Canaries()
    stream = io.BytesIO(canary_dicom(canaries))
    store_radiograph(stream=stream, patient=patient_of(site=site, code="P-1"), uploader=doctor)
    places = [*everything_stored([tmp_path]), *logged(loud)]
    assert found(canaries, iter(places)) == set()


@pytest.mark.parametrize("kind", MAKERS)
def test_no_canary_is_in_a_refusal(kind, doctor, sign_in, loud, tmp_path) -> None:
    canaries, client = Canaries(), sign_in(doctor)
    content = MAKERS[kind](canaries)
    for length in (400, len(content) // 3):
        file = SimpleUploadedFile(f"{canaries.word()}.dcm", content[:length])
        answer = client.post("/api/v1/images/", {"file": file, "patient_code": "P-1"})
        assert answer.status_code == 400
        places = [*sent_back(answer), *everything_stored([tmp_path]), *logged(loud)]
        assert found(canaries, iter(places)) == set()


def identifying_values(dataset: pydicom.Dataset) -> set[str]:
    """Texts of five and more letters that say who, where, when or which, at any depth."""
    values = set()
    for element in dataset.iterall():
        keyword = element.keyword
        vr = dictionary_VR(element.tag) if keyword else element.VR
        is_uid = vr == "UI" and keyword.endswith("InstanceUID")
        is_person = element.tag.group == 0x0010 and vr in ("LO", "SH", "PN", "LT")
        if is_uid or is_person or vr in ("PN", "DA", "DT") or keyword.startswith(IDENTIFYING):
            values.add(str(element.value).strip(" \0"))
    return {
        value for value in values if len(value) >= 5 and len(set(value)) > 2 and value.isascii()
    }


def as_radiographs() -> Iterator[tuple[bytes, set[str]]]:
    """Real files of moderate size, each said to be a computed radiograph, and what they say."""
    paths = (*PYDICOM_FILES.rglob("*.dcm"), *REAL_FILES.rglob("*.dcm"))
    for path in (path for path in paths if path.stat().st_size < LARGE):
        with quiet(), suppress(*HOSTILE):
            dataset = pydicom.dcmread(path, force=True)
            if PLUGIN_OF_SYNTAX[dataset.file_meta.TransferSyntaxUID] not in QUICK:
                continue
            values = identifying_values(dataset)
            dataset.Modality = "CR"
            yield written(dataset), values


def test_nothing_of_the_real_files_is_found_again(site, doctor, loud, tmp_path) -> None:
    canaries, count = Canaries(), 0
    for content, values in as_radiographs():
        with suppress(Unreadable):
            store_radiograph(
                stream=io.BytesIO(content), uploader=doctor, header_decides=True,
                patient=patient_of(site=site, code=f"new-{count}"),
            )  # fmt: skip
            canaries.words += sorted(values)
            count += 1
    assert count >= 35
    assert len(set(canaries.words)) >= 80
    places = [*(each for each in everything_stored([tmp_path]) if "pixels" not in each[0])]
    places += logged(loud)
    assert found(canaries, iter(places)) == set()
