"""GET /api/v1/cases.zip"""

import csv
import hashlib
import io
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

import pytest

from images.exports import archive, cases
from images.models import Radiograph
from tests import factories

URL = "/api/v1/cases.zip"


@pytest.fixture
def made(site, doctor):
    return [
        factories.make_radiograph(
            site=site, uploader=doctor, seed=seed, rt_pcr="positive", patient_code=f"SECRET-{seed}"
        )
        for seed in range(3)
    ]


@pytest.fixture
def download(doctor, sign_in):
    def fetch(query: str = "", **headers: str) -> zipfile.ZipFile:
        response = sign_in(doctor).get(URL + query, headers=headers)
        assert response.status_code == 200
        return zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))

    return fetch


def rows(found: zipfile.ZipFile) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(found.read("metadata.csv").decode())))


def test_members(made, download):
    pictures = [f"images/{radiograph.pk}.png" for radiograph in made]

    names = download().namelist()

    assert names == ["README.txt", *pictures, "metadata.csv", "SHA256SUMS"]


def test_archive_is_whole(made, download):
    assert download().testzip() is None


def test_members_are_stored_with_a_known_size(made, download):
    for member in download().infolist():
        assert member.compress_type == zipfile.ZIP_STORED
        assert member.extract_version == 20, "no ZIP64: some readers of streams refuse it"


def test_pictures_are_those_stored(made, download):
    found = download()

    for radiograph, seed in zip(made, range(3), strict=True):
        assert found.read(f"images/{radiograph.pk}.png") == factories.chest_png(seed)


def test_metadata_is_the_csv_export(made, download, doctor, sign_in):
    as_csv = sign_in(doctor).get("/api/v1/cases.csv")

    assert download().read("metadata.csv") == b"".join(as_csv.streaming_content)


def test_every_member_but_the_sums_has_its_sum(made, download):
    found = download()
    sums = dict(
        reversed(line.split("  ")) for line in found.read("SHA256SUMS").decode().splitlines()
    )

    assert set(sums) == set(found.namelist()) - {"SHA256SUMS"}
    for name, digest in sums.items():
        assert hashlib.sha256(found.read(name)).hexdigest() == digest


@pytest.mark.parametrize(("language", "word"), [("en", "diagnosis"), ("es", "SHA256SUMS")])
def test_readme(language, word, made, download):
    text = download("?rt_pcr=positive", **{"accept-language": language}).read("README.txt").decode()

    assert word in text
    assert "rt_pcr=positive" in text


def test_readme_keeps_the_patient_code_back(made, download):
    found = download("?patient=SECRET-1&rt_pcr=positive")

    text = found.read("README.txt").decode()
    assert len(rows(found)) == 1
    assert "patient=*" in text
    assert "SECRET-1" not in text


def test_readme_names_only_the_filters_in_force(made, sign_in, researcher):
    response = sign_in(researcher).get(f"{URL}?patient=SECRET-1&note=SECRET-2&view=")
    found = zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))

    assert len(rows(found)) == 3
    assert "SECRET" not in found.read("README.txt").decode()


def test_filters_of_the_list(made, download):
    factories.state_truth(made[1], "negative")

    assert [row["id"] for row in rows(download("?rt_pcr=negative"))] == [str(made[1].pk)]


def test_no_case_at_all(db, download):
    assert download().namelist() == ["README.txt", "metadata.csv", "SHA256SUMS"]


def test_patient_code_is_nowhere(made, doctor, sign_in):
    assert b"SECRET" not in b"".join(sign_in(doctor).get(URL).streaming_content)


def test_missing_picture_is_named_and_has_no_row(made, download):
    made[1].file.storage.delete(made[1].file.name)

    found = download()

    assert found.read("MISSING.txt").decode() == f"images/{made[1].pk}.png\n"
    assert [row["id"] for row in rows(found)] == [str(made[0].pk), str(made[2].pk)]


def test_deleted_on_the_way_is_left_out_cleanly(made, doctor, sign_in, monkeypatch):
    monkeypatch.setattr(cases, "BATCH", 1)
    pieces = iter(sign_in(doctor).get(URL).streaming_content)
    sent = [next(pieces)]
    Radiograph.objects.filter(pk=made[2].pk).update(status="trashed")

    found = zipfile.ZipFile(io.BytesIO(b"".join([*sent, *pieces])))

    assert [row["id"] for row in rows(found)] == [str(made[0].pk), str(made[1].pk)]
    assert found.testzip() is None


def test_disk_that_fails_midway_breaks_the_download_off(made, doctor, sign_in, monkeypatch):
    def fails(source, note):
        yield source.read(10)
        raise OSError("input/output error")

    monkeypatch.setattr(archive, "_read", fails)
    response = sign_in(doctor).get(URL)

    with pytest.raises(OSError, match="input/output"):
        b"".join(response.streaming_content)


def test_client_that_goes_away_leaves_nothing(made, doctor, sign_in, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(archive, "KEPT_IN_MEMORY", 1)  # notes go to a temporary file at once
    before = open_files()
    response = sign_in(doctor).get(URL)
    pieces = iter(response.streaming_content)
    while next(pieces)[:4] != b"\x89PNG":
        pass
    assert open_files() > before

    del pieces
    response.close()

    assert open_files() == before
    assert [path for path in tmp_path.iterdir() if path.is_file()] == []


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(shutil.which("unzip") is None, reason="unzip is not installed")
def test_unzip_and_sha256sum_agree(made, doctor, sign_in, tmp_path):
    file = tmp_path / "cases.zip"
    file.write_bytes(b"".join(sign_in(doctor).get(URL).streaming_content))

    subprocess.run(["unzip", "-q", file.name], cwd=tmp_path, check=True)

    check = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
    assert subprocess.run(check, cwd=tmp_path).returncode == 0
