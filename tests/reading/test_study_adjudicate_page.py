"""The page of the adjudicator: what readers said, without who it was, and a decision."""

import pytest
from django.urls import reverse

from accounts.models import AuditEntry
from reading.models import CaseState, RadiologicalReading
from reading.services.studies import close_study
from tests.reading.studies import cases_of, doctor_of, films_of, study_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(site):
    return doctor_of(site, "Segundo Second")


@pytest.fixture
def judge(site):
    return doctor_of(site, "Juana Judge")


@pytest.fixture
def films(site):
    return films_of(site, "pnn")


@pytest.fixture
def study(site_administrator, films, doctor, second, judge, read_by):
    """The readers disagree about the first two cases."""
    made = study_of(site_administrator, films, [doctor, second], judge)
    cases = cases_of(made, films)
    for reader, findings in ((doctor, ("covid-19", "normal")), (second, ("other", "other"))):
        for case, finding in zip(cases, (*findings, "normal"), strict=True):
            read_by(reader, case, finding, note=f"note about {finding}")
    return made


@pytest.fixture
def address(study):
    return reverse("reading:study_adjudicate", args=[study.pk])


def test_only_disagreements_wait(actor, study, films, address):
    page = actor("judge").get(address)
    assert page.context["waiting"] == 2
    assert page.context["case"].radiograph_id in {films[0].pk, films[1].pk}


def test_it_says_what_was_found_and_not_who_found_it(actor, study, address):
    page = actor("judge").get(address, headers={"accept-language": "en"})

    assert len(page.context["readings"]) == 2
    assert "note about other" in page.text
    assert "Diego Doctor" not in page.text
    assert "Segundo Second" not in page.text


def test_looking_is_recorded(actor, study, address, judge):
    case = actor("judge").get(address).context["case"]
    seen = AuditEntry.objects.filter(actor=judge, deed="saw", subject_id=case.radiograph_id)
    assert seen.exists()


def test_a_decision_is_stored_and_leads_on(actor, study, address, judge):
    client = actor("judge")
    case = client.get(address).context["case"]
    answer = client.post(address, {"case": case.pk, "finding": "viral-pneumonia", "note": "so"})

    assert answer["Location"] == address
    case.refresh_from_db()
    assert case.state == CaseState.DONE
    decided = RadiologicalReading.objects.get(case=case, is_adjudication=True)
    assert (decided.reader, decided.finding, decided.note) == (judge, "viral-pneumonia", "so")
    assert client.get(address).context["case"] != case


def test_a_case_can_wait(actor, study, address):
    client = actor("judge")
    first = client.get(address).context["case"]
    second = client.get(address, {"after": first.position}).context["case"]
    assert second != first
    assert client.get(address, {"after": second.position}).context["case"] == first


@pytest.mark.parametrize("after", ["x", "-1", "99999", ""])
def test_an_odd_place_means_the_beginning(actor, study, address, after):
    client = actor("judge")
    first = client.get(address).context["case"]
    assert client.get(address, {"after": after}).context["case"] == first


def test_deciding_twice_is_told_and_overwrites_nothing(actor, study, address):
    client = actor("judge")
    case = client.get(address).context["case"]
    for finding in ("normal", "other"):
        client.post(address, {"case": case.pk, "finding": finding})
    page = client.get(address)

    assert [str(message) for message in page.context["messages"]][-1]
    decided = RadiologicalReading.objects.filter(case=case, is_adjudication=True)
    assert [row.finding for row in decided] == ["normal"]


@pytest.mark.parametrize("finding", ["", "purple"])
def test_a_finding_must_be_chosen(actor, study, address, finding):
    client = actor("judge")
    case = client.get(address).context["case"]
    answer = client.post(address, {"case": case.pk, "finding": finding})

    assert answer.status_code == 400
    assert answer.context["form"].errors["finding"]
    assert not RadiologicalReading.objects.filter(is_adjudication=True).exists()


@pytest.mark.parametrize("case", ["", "x"])
def test_a_decision_names_its_case(actor, study, address, case):
    assert actor("judge").post(address, {"case": case, "finding": "normal"}).status_code == 400


def test_a_case_of_another_study_is_missing(
    actor, study, address, films, doctor, second, site_administrator
):
    other = study_of(site_administrator, films, [doctor, second])
    sent = {"case": other.cases.first().pk, "finding": "normal"}
    assert actor("judge").post(address, sent).status_code == 404


def test_readers_decide_nothing(actor, study, address):
    case = study.cases.filter(state=CaseState.ADJUDICATE).first()
    answer = actor("doctor").post(address, {"case": case.pk, "finding": "normal"})
    assert answer.status_code == 403


def test_a_closed_study_is_decided(actor, study, address, site_administrator):
    client = actor("judge")
    case = client.get(address).context["case"]
    close_study(study=study, by=site_administrator)
    client.post(address, {"case": case.pk, "finding": "normal"})
    assert not RadiologicalReading.objects.filter(is_adjudication=True).exists()
