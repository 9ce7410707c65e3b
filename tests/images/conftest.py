"""One radiograph of the cast, and a look into the folders that must stay empty."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from images.models import GroundTruth, Patient, Radiograph, Target
from tests import factories

WAITING, SIGN_IN = "waits for approval", "sign in"


@pytest.fixture
def film(doctor) -> Radiograph:
    """A confirmed radiograph of the institution, uploaded by the doctor."""
    return factories.make_radiograph(uploader=doctor, seed=1, rt_pcr="positive")


@pytest.fixture
def own_film(health_worker) -> Radiograph:
    """A radiograph that the health worker uploaded."""
    return factories.make_radiograph(uploader=health_worker, seed=2, patient_code="P-0002")


@pytest.fixture
def covid(db) -> Target:
    return Target.objects.get(code="covid-19")


@pytest.fixture
def spool(settings, tmp_path) -> Path:
    """The folder of temporary files; uploads go there whatever their size."""
    folder = tmp_path / "spool"
    folder.mkdir()
    settings.FILE_UPLOAD_TEMP_DIR = str(folder)
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    return folder


@pytest.fixture
def nothing_kept(settings, spool):
    """Call it: neither a row nor a file nor a temporary file is there."""

    def check() -> None:
        for model in (Radiograph, Patient, GroundTruth):
            assert not model.objects.exists()
        assert files_below(settings.MEDIA_ROOT) == []
        assert files_below(spool) == []

    return check


def files_below(folder) -> list[str]:
    return sorted(path.name for path in Path(folder).rglob("*") if path.is_file())


def answer_of(response) -> int | str:
    """The status, or the name of the page that a person is sent to instead."""
    place = response.headers.get("Location", "")
    if response.status_code == 302 and place.startswith("/account/login/"):
        return SIGN_IN
    if response.status_code == 302 and place.startswith("/people/waiting/"):
        return WAITING
    return response.status_code


def upload_of(content: bytes | None = None, name: str = "chest.png", **typed) -> dict:
    """What the upload form sends."""
    content = factories.chest_png(7) if content is None else content
    return {"file": SimpleUploadedFile(name, content), "patient_code": "P-0007", **typed}
