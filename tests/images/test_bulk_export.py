"""Archives made by a bulk action."""

import io
import uuid
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone

from images.bulk import verbs
from images.bulk.export import without_codes
from images.models import Export, Patient
from images.services import bulk, exporting
from tests import factories


@pytest.fixture
def made(doctor, settings, tmp_path):
    """An action that exported two of three radiographs: the third has no result."""
    settings.EXPORTS_DIR = tmp_path / "exports"
    films = [
        factories.make_radiograph(uploader=doctor, seed=1, patient_code="A-1", rt_pcr="positive"),
        factories.make_radiograph(uploader=doctor, seed=2, patient_code="A-2", rt_pcr="negative"),
        factories.make_radiograph(uploader=doctor, seed=3, patient_code="A-3"),
    ]
    action = bulk.start(
        key=uuid.uuid4(), verb=verbs()["export"], parameters={}, asked_by=doctor,
        keys=[film.pk for film in films],
    )  # fmt: skip
    while bulk.work_on_bulk():
        pass
    action.refresh_from_db()
    return action


def address(action) -> str:
    return reverse("images:bulk_archive", args=[action.exports.get().pk])


def test_holds_the_confirmed_cases_and_says_why_not_the_others(made):
    assert (made.done_count, made.refused_count) == (2, 1)
    assert made.changes.get(state="refused").error_code == "not-exportable"
    export = made.exports.get()
    assert (export.cases, export.items.count()) == (2, 2)


def test_is_fetched_by_who_made_it(made, actor):
    answer = actor("doctor").get(address(made))
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer)))
    assert sum(name.startswith("images/") for name in archive.namelist()) == 2
    assert "A-1" not in archive.read("metadata.csv").decode()


def test_can_be_fetched_in_parts(made, actor):
    answer = actor("doctor").get(address(made), headers={"range": "bytes=0-3"})
    assert (answer.status_code, b"".join(answer)[:2]) == (206, b"PK")


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("doctor", 200), ("researcher", 404), ("administrator", 404), ("site_administrator", 404),
        ("health_worker", 403), ("stranger", 403),
    ],
)  # fmt: skip
def test_nobody_else_fetches_it(made, actor, who, status):
    assert actor(who).get(address(made)).status_code == status


def test_expires(made, actor, settings):
    Export.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert actor("doctor").get(address(made)).status_code == 410
    assert exporting.forget_expired() == 1
    assert list(Path(settings.EXPORTS_DIR).iterdir()) == []


def test_a_withdrawn_consent_closes_it(made, actor):
    Patient.objects.filter(code="A-1").update(consent_withdrawn_at=timezone.now())
    assert actor("doctor").get(address(made)).status_code == 410


def test_cannot_be_undone(made):
    assert not bulk.may_undo(made)


def test_what_may_hold_a_code_is_starred():
    assert without_codes("patient=A-1&q=A&rt_pcr=positive") == "patient=*&q=*&rt_pcr=positive"
