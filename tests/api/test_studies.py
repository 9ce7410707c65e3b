"""GET /api/v1/studies/, .../{id}/, .../{id}/results/ and .../{id}/export/"""

import io
import json
import zipfile

import pytest

from accounts.models import AuditEntry
from reading.services.studies import close_study
from reading.study_rows import study_results
from tests.reading.studies import cases_of, doctor_of, films_of, read, study_of

URL = "/api/v1/studies/"
PLACES = ("", "{}/", "{}/results/", "{}/export/")


@pytest.fixture
def second(site):
    return doctor_of(site, "Segundo Second")


@pytest.fixture
def study(site, site_administrator, doctor, second):
    films = films_of(site, "pn")
    made = study_of(site_administrator, films, [doctor, second])
    for case, letter in zip(cases_of(made, films), "vb", strict=True):
        read(case, second, letter)
    return made


@pytest.fixture
def strange_doctor(other_site):
    return doctor_of(other_site, "Strange Doctor")


#                   list  one  results  export
OPEN = {
    "health_worker":      (403, 403, 403, 403),
    "researcher":         (403, 403, 403, 403),
    "strange_doctor":     (200, 404, 404, 403),
    "doctor":             (200, 200, 403, 403),
    "site_administrator": (200, 200, 200, 200),
    "administrator":      (200, 200, 200, 200),
}  # fmt: skip
CLOSED = OPEN | {"doctor": (200, 200, 200, 403)}


def cells(table):
    return [
        pytest.param(who, place, status, id=f"{who}-{place}")
        for who, row in table.items()
        for place, status in zip(PLACES, row, strict=True)
    ]


@pytest.mark.parametrize(("who", "place", "status"), cells(OPEN))
def test_open_study(bearer, study, request, who, place, status):
    client = bearer(request.getfixturevalue(who), scope="read")
    assert client.get(URL + place.format(study.pk)).status_code == status


@pytest.mark.parametrize(("who", "place", "status"), cells(CLOSED))
def test_closed_study(bearer, study, site_administrator, request, who, place, status):
    close_study(study=study, by=site_administrator)
    client = bearer(request.getfixturevalue(who), scope="read")
    assert client.get(URL + place.format(study.pk)).status_code == status


@pytest.mark.parametrize("place", PLACES)
def test_without_a_token(client, study, place):
    assert client.get(URL + place.format(study.pk)).status_code == 401


def test_readers_find_their_studies(bearer, study, doctor):
    rows = bearer(doctor).get(URL).json()["results"]
    assert [(row["id"], row["your_part"]) for row in rows] == [(str(study.pk), "reader")]


def test_a_reader_learns_nothing_while_it_is_open(bearer, study, doctor):
    client = bearer(doctor)
    for place in PLACES:
        answer = client.get(URL + place.format(study.pk))
        assert "pneumonia" not in answer.text
        assert "seed" not in answer.text


def test_results_are_those_of_the_page(bearer, study, site_administrator):
    told = bearer(site_administrator).get(f"{URL}{study.pk}/results/").json()
    assert told["results"] == json.loads(json.dumps(study_results(study).to_dict()))
    assert told["protocol"]["cases_chosen_by"]["seed"] == 7


def test_export_is_the_archive_and_noted_as_by_the_api(bearer, study, site_administrator):
    answer = bearer(site_administrator).get(f"{URL}{study.pk}/export/")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))

    assert "results.json" in archive.namelist()
    assert AuditEntry.objects.get(deed="exported").way == "api"


def test_nothing_is_written_here(bearer, study, site_administrator):
    client = bearer(site_administrator)
    for method in (client.post, client.put, client.patch, client.delete):
        assert method(f"{URL}{study.pk}/").status_code == 405
