"""GET /api/v1/exports and what the case exports write down."""

import io
import zipfile
from datetime import timedelta

import pytest
from django.utils import timezone

from images.exports import cases
from images.models import Export, ExportedRadiograph
from images.services import withdraw_consent
from tests import factories

pytestmark = pytest.mark.django_db
CSV, ZIP, LIST = "/api/v1/cases.csv", "/api/v1/cases.zip", "/api/v1/exports"


def withdrawn_of(export) -> str:
    return f"{LIST}/{export.pk}/withdrawn"


@pytest.fixture
def export(radiograph, doctor, sign_in) -> Export:
    """The doctor's own, with the radiograph of the cast."""
    b"".join(sign_in(doctor).get(CSV).streaming_content)
    return Export.objects.get()


@pytest.mark.parametrize(("address", "kind"), [(CSV, "csv"), (ZIP, "zip")])
def test_a_download_is_written_down(radiograph, doctor, sign_in, address, kind):
    b"".join(sign_in(doctor).get(address).streaming_content)
    export = Export.objects.get()
    assert (export.owner, export.kind, export.cases) == (doctor, kind, 1)
    assert export.finished_at is not None
    assert [item.key for item in export.items.all()] == [radiograph.pk]


def test_more_cases_than_a_batch(radiograph, doctor, sign_in, monkeypatch):
    monkeypatch.setattr(cases, "BATCH", 2)
    for seed in range(10, 14):
        factories.make_radiograph(uploader=doctor, seed=seed, rt_pcr="negative")
    b"".join(sign_in(doctor).get(CSV).streaming_content)
    assert Export.objects.get().cases == ExportedRadiograph.objects.count() == 5


@pytest.mark.parametrize("address", [CSV, ZIP])
def test_one_that_broke_off_stays_unfinished(radiograph, doctor, sign_in, address, monkeypatch):
    monkeypatch.setattr(cases, "BATCH", 1)
    for seed in range(10, 13):
        factories.make_radiograph(uploader=doctor, seed=seed, rt_pcr="negative")
    response = sign_in(doctor).get(address)
    pieces = iter(response.streaming_content)
    while not ExportedRadiograph.objects.exists():
        next(pieces)
    response.close()
    export = Export.objects.get()
    assert export.finished_at is None
    assert 1 <= export.cases < 4


def test_asking_for_the_head_leaves_no_trace(radiograph, doctor, sign_in):
    sign_in(doctor).head(CSV)
    assert not Export.objects.exists()


def test_the_filters_are_kept_without_codes(radiograph, doctor, sign_in):
    query = {"patient": "SECRET-1", "rt_pcr": "positive"}
    b"".join(sign_in(doctor).get(CSV, query).streaming_content)
    assert Export.objects.get().query == "patient=*&rt_pcr=positive"


def test_the_readme_names_the_export(radiograph, doctor, sign_in):
    content = b"".join(sign_in(doctor).get(ZIP).streaming_content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        readme = archive.read("README.txt").decode()
    assert f"/api/v1/exports/{Export.objects.get().pk}/withdrawn" in readme


def test_withdrawn_patients_are_in_no_later_export(export, radiograph, doctor, sign_in):
    withdraw_consent(patient=radiograph.patient, by=doctor)
    content = b"".join(sign_in(doctor).get(CSV).streaming_content).decode()
    assert str(radiograph.pk) not in content


def test_the_list(export, radiograph, doctor, bearer):
    withdraw_consent(patient=radiograph.patient, by=doctor)
    (row,) = bearer(doctor, "read").get(LIST).json()["results"]
    assert row["id"] == str(export.pk)
    assert (row["kind"], row["cases"], row["withdrawn"]) == ("csv", 1, 1)
    assert row["finished_at"] is not None


def test_newest_first(export, doctor, sign_in):
    later = Export.objects.create(owner=doctor, kind="zip")
    Export.objects.filter(pk=export.pk).update(created_at=timezone.now() - timedelta(days=1))
    rows = sign_in(doctor).get(LIST).json()["results"]
    assert [row["id"] for row in rows] == [str(later.pk), str(export.pk)]


def test_what_is_to_be_deleted(export, radiograph, doctor, bearer):
    client = bearer(doctor, "read")
    assert client.get(withdrawn_of(export)).json() == []
    withdraw_consent(patient=radiograph.patient, by=doctor)
    assert client.get(withdrawn_of(export)).json() == [str(radiograph.pk)]


#            list withdrawn
ACCESS = {
    "anonymous": (401, 401), "pending": (403, 403), "health_worker": (403, 403),
    "doctor": (200, 200), "researcher": (200, 404), "site_administrator": (200, 404),
    "administrator": (200, 200), "stranger": (403, 403),
}  # fmt: skip


@pytest.mark.parametrize("who", ACCESS)
def test_who_may(actor, export, who):
    client = actor(who)
    found = client.get(LIST).status_code, client.get(withdrawn_of(export)).status_code
    assert found == ACCESS[who]


@pytest.mark.parametrize("who", ["researcher", "site_administrator"])
def test_others_exports_are_not_listed(actor, export, who):
    assert actor(who).get(LIST).json()["results"] == []


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_changed(actor, export, method):
    assert getattr(actor("doctor"), method)(LIST).status_code == 405
