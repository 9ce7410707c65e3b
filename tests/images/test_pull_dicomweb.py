"""`manage.py pull_dicomweb` from a real archive."""

import io
import logging
from datetime import date

import pytest
from django.core.management import CommandError, call_command
from pydicom import dcmread
from pydicom.data import get_testdata_file

from images.models import IncomingFile
from images.services.identities import remapped_uid
from images.sources import dicomweb
from tests.factories import make_radiograph
from tests.orthanc import PASSWORD, USER, Orthanc, orthanc  # noqa: F401  (a fixture)

pytestmark = pytest.mark.django_db
FILMS = ("RG1_UNCR.dcm", "RG3_UNCR.dcm")


@pytest.fixture
def archive(orthanc: Orthanc, settings) -> Orthanc:  # noqa: F811
    for name in (*FILMS, "CT_small.dcm"):
        orthanc.keep(name)
    settings.DICOMWEB_USER, settings.DICOMWEB_PASSWORD = USER, PASSWORD
    return orthanc


@pytest.fixture
def pull(archive, health_worker):
    """`pull(*options, url=...) -> str`: what the command says."""

    def run(*options: str, url: str = "") -> str:
        said = io.StringIO()
        call_command(
            "pull_dicomweb", url or archive.url, *options, stdout=said,
            site=health_worker.site.code, user=health_worker.email,
        )  # fmt: skip
        return said.getvalue().strip()

    return run


def test_radiographs_go_to_the_workers(pull):
    assert pull() == "taken=2"
    assert IncomingFile.objects.exclude(received_at=None).count() == len(FILMS)


def test_other_modalities_stay_where_they_are(pull):
    assert pull("--modality", "MR") == "none"


def test_the_same_again_is_the_same_row(pull):
    pull()
    pull()
    assert IncomingFile.objects.count() == len(FILMS)


def test_what_is_here_is_not_fetched(pull, health_worker, monkeypatch):
    dataset = dcmread(get_testdata_file(FILMS[0]), stop_before_pixels=True)
    here = make_radiograph(uploader=health_worker)
    here.instance_uid = remapped_uid(health_worker.site, dataset.SOPInstanceUID)
    here.save()
    assert pull() == "known=1 taken=1"


def test_no_more_than_asked_for(pull):
    assert pull("--limit", "1") == "taken=1"


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [("1990-01-01", "2030-01-01", "taken=2"), ("2030-01-01", "2031-01-01", "none")],
)
def test_the_days_are_kept_to(pull, since, until, expected):
    assert pull("--since", since, "--until", until) == expected


def test_neither_uid_nor_name_is_logged_or_shown(pull, caplog):
    caplog.set_level(logging.DEBUG)
    said = pull() + caplog.text
    for name in FILMS:
        header = dcmread(get_testdata_file(name), stop_before_pixels=True)
        secrets = (header.PatientID, header.StudyInstanceUID, header.SOPInstanceUID)
        assert not [secret for secret in secrets if str(secret) in said]


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("DICOMWEB_PASSWORD", "wrong", "another user or password"),
        ("url", "/nothing", "no DICOMweb"),
    ],
)
def test_troubles_are_one_line(pull, archive, settings, name, value, reason):
    if name != "url":
        setattr(settings, name, value)
    with pytest.raises(CommandError, match=reason):
        pull(url=archive.rest + value if name == "url" else "")


def test_an_archive_that_is_away_is_said_so(pull, monkeypatch):
    monkeypatch.setattr(dicomweb, "MAX_ATTEMPTS", 1)
    with pytest.raises(CommandError, match="does not answer"):
        pull(url="http://127.0.0.1:9/dicom-web")


def test_a_sender_without_the_right_is_refused(archive, researcher):
    with pytest.raises(CommandError):
        call_command("pull_dicomweb", archive.url, site=researcher.site.code, user=researcher.email)


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (None, None, ""),
        (date(2026, 1, 2), None, "20260102-"),
        (None, date(2026, 1, 2), "-20260102"),
        (date(2026, 1, 2), date(2026, 2, 3), "20260102-20260203"),
    ],
)
def test_days_as_dicom_writes_them(since, until, expected):
    assert dicomweb._range(since, until) == expected
