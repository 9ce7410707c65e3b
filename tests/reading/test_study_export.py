"""The archive of a whole study."""

import csv
import hashlib
import io
import json
import zipfile

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry
from images.models import Export
from images.pseudonyms import pseudonym
from reading.services.studies import close_study
from reading.study_rows import study_results
from tests.reading.studies import (
    cases_of,
    doctor_of,
    films_of,
    model_of,
    predict,
    read,
    study_of,
)

pytestmark = pytest.mark.django_db

NAMES = ["README.txt", "protocol.json", "cases.csv", "readings.csv", "results.json", "SHA256SUMS"]


@pytest.fixture
def second(site):
    return doctor_of(site, "Segundo Second")


@pytest.fixture
def films(site):
    return films_of(site, "pn-")


@pytest.fixture
def study(site_administrator, films, doctor, second, site):
    """Both read all; the first reader corrected the first case, and the judge decided it."""
    judge = doctor_of(site, "Juana Judge")
    made = study_of(site_administrator, films, [doctor, second], judge)
    cases = cases_of(made, films)
    first = read(cases[0], doctor, "n", is_current=False, note="Juan Pérez, bed 4")
    read(cases[0], doctor, "v", supersedes=first)
    read(cases[0], second, "c", seconds=12.5)
    read(cases[0], judge, "c", is_adjudication=True)
    for case in cases[1:]:
        read(case, doctor, "n")
        read(case, second, "n")
    model = model_of("3.2")
    predict(films[0], model, 0.81)
    predict(films[1], model, None)
    return made


@pytest.fixture
def download(sign_in, site_administrator, study):
    def fetch(**headers) -> zipfile.ZipFile:
        address = reverse("reading:study_export", args=[study.pk])
        response = sign_in(site_administrator).get(address, headers=headers)
        assert response.status_code == 200
        return zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))

    return fetch


def table(archive, name) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read(name).decode())))


def test_members(download):
    found = download()
    assert found.namelist() == NAMES
    assert found.testzip() is None


def test_every_member_but_the_sums_has_its_sum(download):
    found = download()
    sums = dict(
        reversed(line.split("  ")) for line in found.read("SHA256SUMS").decode().splitlines()
    )
    assert list(sums) == NAMES[:-1]
    for name, digest in sums.items():
        assert hashlib.sha256(found.read(name)).hexdigest() == digest


def test_cases_say_what_everybody_said(download, films):
    rows = {row["id"]: row for row in table(download(), "cases.csv")}
    first, second, third = (rows[str(film.pk)] for film in films)

    wanted = {
        "patient_id": pseudonym(films[0].patient), "rt_pcr": "positive", "model": "positive",
        "model_probability": "0.81", "model_version": "3.2", "adjudicated": "covid-19",
        "consensus": "covid-19", "reader_1": "viral-pneumonia", "reader_2": "covid-19",
    }  # fmt: skip
    assert {name: first[name] for name in wanted} == wanted
    assert (second["model"], second["consensus"]) == ("none", "normal")
    assert third["rt_pcr"] == "unknown"


def test_readings_hold_the_whole_history(download, study, films):
    place = str(cases_of(study, films)[0].position)
    rows = [row for row in table(download(), "readings.csv") if row["case"] == place]

    assert [(row["reader"], row["finding"], row["is_current"]) for row in rows] == [
        ("1", "normal", "false"),
        ("1", "viral-pneumonia", "true"),
        ("2", "covid-19", "true"),
        ("adjudicator", "covid-19", "true"),
    ]
    assert rows[1]["supersedes"] == rows[0]["reading"]
    assert rows[2]["seconds"] == "12.5"


def test_figures_are_those_of_the_page(download, study):
    stored = json.loads(download().read("results.json"))
    assert stored == json.loads(json.dumps(study_results(study).to_dict()))


def test_the_protocol_says_how_it_was_made(download, study):
    told = json.loads(download().read("protocol.json"))

    assert told["cases_chosen_by"]["seed"] == 7
    assert (told["purpose"], told["readers"], told["adjudicators"]) == ("How far they agree", 2, 1)
    assert (told["model_versions"], told["closed_at"], told["is_open"]) == (["3.2"], None, True)


def test_nobody_is_named(download):
    found = download()
    text = "".join(found.read(name).decode() for name in found.namelist())
    for name in ("SECRET", "Diego", "Segundo", "Juana", "Pérez"):
        assert name not in text


def test_withdrawn_consent_stays_in_the_house(download, films):
    films[0].patient.consent_withdrawn_at = timezone.now()
    films[0].patient.save()
    found = download()

    assert str(films[0].pk) not in {row["id"] for row in table(found, "cases.csv")}
    assert len(table(found, "readings.csv")) == 4
    assert json.loads(found.read("protocol.json"))["withdrawn"] == 1


def test_it_is_noted_which_cases_left(download, films, site_administrator, study):
    download()
    export = Export.objects.get()

    assert (export.owner, export.cases) == (site_administrator, 3)
    assert export.finished_at
    assert {item.key for item in export.items.all()} == {film.pk for film in films}
    entry = AuditEntry.objects.get(deed="exported")
    assert (entry.subject, entry.subject_id, entry.way) == ("study", study.pk, "page")


def test_asking_for_the_head_alone_takes_nothing_out(sign_in, site_administrator, study):
    sign_in(site_administrator).head(reverse("reading:study_export", args=[study.pk]))
    assert not Export.objects.exists()


@pytest.mark.parametrize(("language", "word"), [("en", "opinions"), ("es", "SHA256SUMS")])
def test_readme(download, study, site_administrator, language, word):
    assert word in download(**{"accept-language": language}).read("README.txt").decode()


def test_readme_of_a_closed_study_does_not_call_it_open(download, study, site_administrator):
    english = {"accept-language": "en"}
    assert "still open" in download(**english).read("README.txt").decode()
    close_study(study=study, by=site_administrator)
    assert "still open" not in download(**english).read("README.txt").decode()
