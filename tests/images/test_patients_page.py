"""The list of patients and one patient's page."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from images.models import Radiograph
from images.services import merge_patients, trash
from images.views import patients
from tests import factories
from tests.images.conftest import SIGN_IN, WAITING, answer_of

pytestmark = pytest.mark.django_db
LIST = "/images/patients/"


def codes(response) -> list[str]:
    return [patient.code for patient, _studies in response.context["rows"]]


def page_of(patient) -> str:
    return reverse("images:patient", args=[patient.pk])


def make(doctor, *named: str) -> list[Radiograph]:
    return [
        factories.make_radiograph(uploader=doctor, seed=seed, patient_code=code)
        for seed, code in enumerate(named)
    ]


ACCESS = {
    "anonymous": SIGN_IN, "pending": WAITING, "health_worker": 200, "doctor": 200,
    "researcher": 403, "administrator": 200, "site_administrator": 200,
}  # fmt: skip


@pytest.mark.parametrize(("who", "expected"), [*ACCESS.items(), ("stranger", 200)])
def test_who_may_see_the_list(actor, who, expected):
    assert answer_of(actor(who).get(LIST)) == expected


@pytest.mark.parametrize(("who", "expected"), [*ACCESS.items(), ("stranger", 404)])
def test_who_may_see_a_patient(actor, film, who, expected):
    assert answer_of(actor(who).get(page_of(film.patient))) == expected


def test_patients_come_by_code(sign_in, doctor):
    make(doctor, "C-2", "A-1", "B-9")
    assert codes(sign_in(doctor).get(LIST)) == ["A-1", "B-9", "C-2"]


def test_search_by_the_begin_of_a_code(sign_in, doctor):
    make(doctor, "A-1", "a-2", "B-A")
    assert codes(sign_in(doctor).get(LIST, {"code": "a"})) == ["A-1", "a-2"]


def test_an_absorbed_code_finds_the_kept_patient(sign_in, doctor):
    kept, absorbed = (film.patient for film in make(doctor, "KEPT", "OLD"))
    merge_patients(kept=kept, absorbed=absorbed, merged_by=doctor)
    assert codes(sign_in(doctor).get(LIST, {"code": "OL"})) == ["KEPT"]
    found = sign_in(doctor).get("/images/", {"q": "OLD"})
    assert len(found.context["page"].rows) == 2


def test_pages_follow_the_last_row(sign_in, doctor, monkeypatch):
    monkeypatch.setattr(patients, "PER_PAGE", 2)
    make(doctor, "A", "B", "C")
    first = sign_in(doctor).get(LIST)
    second = sign_in(doctor).get(LIST, {"after": first.context["next"]})
    assert (codes(first), codes(second)) == (["A", "B"], ["C"])
    assert second.context["next"] is None


def test_studies_are_counted_without_the_trash(sign_in, doctor):
    films = make(doctor, "A", "A", "A", "A")
    for film, facts in zip(
        films, [{"study_uid": "2.25.1"}] * 2 + [{"acquired_on": date(2020, 1, 1)}] * 2, strict=True
    ):
        Radiograph.objects.filter(pk=film.pk).update(**facts)
    trash(radiograph=films[0], by=doctor)
    response = sign_in(doctor).get(LIST)
    assert [studies for _patient, studies in response.context["rows"]] == [2]


def test_more_patients_cost_no_more_queries(sign_in, doctor):
    client = sign_in(doctor)
    make(doctor, "A")
    client.get(LIST)  # what only the first page of a session asks for
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    for number in range(10, 20):
        factories.make_radiograph(uploader=doctor, seed=number, patient_code=f"B-{number}")
    with CaptureQueriesContext(connection) as many:
        client.get(LIST)
    assert len(many) == len(few)


def test_studies_are_grouped_newest_first(sign_in, doctor):
    films = make(doctor, "A", "A", "A")
    facts = [
        {"study_uid": "2.25.1", "acquired_on": date(2020, 1, 1)},
        {"study_uid": "2.25.1", "acquired_on": date(2020, 1, 1)},
        {"acquired_on": date(2021, 5, 5)},
    ]
    for film, each in zip(films, facts, strict=True):
        Radiograph.objects.filter(pk=film.pk).update(**each)
    studies = sign_in(doctor).get(page_of(films[0].patient)).context["studies"]
    assert [(study.day, len(study.radiographs)) for study in studies] == [
        (date(2021, 5, 5), 1), (date(2020, 1, 1), 2),
    ]  # fmt: skip


def test_the_page_asks_for_the_predictions(sign_in, film, doctor):
    text = sign_in(doctor).get(page_of(film.patient)).text
    assert f"{reverse('inference:badges')}?id={film.pk}" in text
    assert f'id="badge-{film.pk}"' in text


def test_what_is_in_the_trash_is_not_shown(sign_in, film, doctor):
    trash(radiograph=film, by=doctor)
    assert sign_in(doctor).get(page_of(film.patient)).context["studies"] == []


def test_merges_are_told(sign_in, doctor):
    kept, absorbed = (film.patient for film in make(doctor, "KEPT", "OLD-7"))
    merge_patients(kept=kept, absorbed=absorbed, merged_by=doctor)
    assert "OLD-7" in sign_in(doctor).get(page_of(kept)).text


def test_patients_of_other_institutions_never_show(sign_in, stranger, film, doctor):
    canary = factories.make_radiograph(uploader=doctor, seed=77, patient_code="CANARY-77").patient
    client = sign_in(stranger)
    for address in (LIST, f"{LIST}?code=CAN", f"{LIST}?after={canary.pk}", page_of(canary)):
        assert "CANARY" not in client.get(address).text.replace("?code=CAN", "")
    assert codes(client.get(LIST, {"code": "CANARY"})) == []


@pytest.mark.parametrize("who", ["health_worker", "doctor"])
def test_only_those_who_may_are_offered_to_merge(actor, film, who):
    offers = reverse("images:patient_merge", args=[film.patient.pk])
    assert (offers in actor(who).get(page_of(film.patient)).text) == (who == "doctor")
