"""The queue of suspected labels: who sees what, filters, verdicts, and asking for a check."""

import pytest
from django.urls import reverse

from core.http import STOP_POLLING
from core.jobs import JobStatus
from images.models import Radiograph
from images.services import trash
from retraining.models import LabelCheck, SuspectedLabel, SuspectState, Suspicion
from retraining.views import labels
from tests.factories import make_radiograph, state_truth
from tests.images.conftest import SIGN_IN, WAITING, answer_of

pytestmark = pytest.mark.django_db
LIST = "/retraining/labels/"
CHECK = "/retraining/labels/check/"


@pytest.fixture
def suspect_of(covid):
    def make(film: Radiograph, suspicion=Suspicion.LOSS, **facts) -> SuspectedLabel:
        truth = film.truths.get(is_current=True, target=covid)
        return SuspectedLabel.objects.create(
            radiograph=film, truth=truth, suspicion=suspicion, **({"score": 4.0} | facts)
        )

    return make


@pytest.fixture
def film(doctor) -> Radiograph:
    return make_radiograph(uploader=doctor, seed=1, rt_pcr="positive", patient_code="P-ONE")


@pytest.fixture
def suspect(film, suspect_of) -> SuspectedLabel:
    return suspect_of(film)


def judge(suspect: SuspectedLabel) -> str:
    return reverse("retraining:judge_label", args=[suspect.pk])


def shown(response) -> list[SuspectedLabel]:
    return [row.suspect for row in response.context["rows"]]


ACCESS = {
    "anonymous": SIGN_IN, "pending": WAITING, "health_worker": 403, "doctor": 200,
    "researcher": 403, "administrator": 200, "site_administrator": 200, "stranger": 403,
}  # fmt: skip
VERBS = {
    "anonymous": SIGN_IN, "pending": WAITING, "health_worker": 403, "doctor": 302,
    "researcher": 403, "administrator": 302, "site_administrator": 302, "stranger": 403,
}  # fmt: skip


@pytest.mark.parametrize(("who", "expected"), ACCESS.items())
def test_who_may_see_the_queue(actor, suspect, who, expected):
    assert answer_of(actor(who).get(LIST)) == expected


@pytest.mark.parametrize(("who", "expected"), VERBS.items())
def test_who_may_judge(actor, suspect, who, expected):
    assert answer_of(actor(who).post(judge(suspect), {"note": ""})) == expected
    suspect.refresh_from_db()
    assert (suspect.state == SuspectState.KEPT) == (expected == 302)


@pytest.mark.parametrize(("who", "expected"), VERBS.items())
def test_who_may_ask_for_a_check(actor, covid, who, expected):
    assert answer_of(actor(who).post(CHECK, {"target": covid.pk})) == expected
    assert LabelCheck.objects.exists() == (expected == 302)


@pytest.mark.parametrize(("who", "expected"), [*ACCESS.items(), ("doctor", 286)])
def test_who_may_watch_a_check(actor, covid, who, expected):
    expected = STOP_POLLING if expected in (200, 286) else expected
    address = reverse("retraining:label_check", args=[covid.pk])
    assert answer_of(actor(who).get(address)) == expected


def test_other_institutions_are_not_there(actor, suspect_of, other_site, suspect):
    elsewhere = make_radiograph(site=other_site, seed=5, rt_pcr="negative")
    theirs = suspect_of(elsewhere)
    assert shown(actor("doctor").get(LIST)) == [suspect]
    assert actor("doctor").post(judge(theirs), {"note": ""}).status_code == 404
    assert set(shown(actor("administrator").get(LIST))) == {suspect, theirs}


def test_the_least_likely_label_comes_first(actor, doctor, suspect_of, suspect):
    worse = suspect_of(make_radiograph(uploader=doctor, seed=2, rt_pcr="negative"), score=7.0)
    assert shown(actor("doctor").get(LIST)) == [worse, suspect]


def test_it_says_why_in_words(actor, suspect):
    page = actor("doctor").get(LIST, headers={"accept-language": "en"})
    assert "1.8" in page.context["rows"][0].why.replace(",", ".")  # exp(-4) = 1.8 %
    assert reverse("images:truth", args=[suspect.radiograph_id]) in page.content.decode()
    assert reverse("images:thumbnail", args=[suspect.radiograph_id]) in page.content.decode()


def test_a_copy_of_another_institution_is_not_shown(actor, film, suspect_of, other_site):
    twin = make_radiograph(site=other_site, seed=8, rt_pcr="negative", patient_code="SECRET-8")
    suspect_of(film, Suspicion.COPIES, other=twin)
    page = actor("doctor").get(LIST)
    assert page.context["rows"][0].other is None
    assert str(twin.pk) not in page.content.decode()
    assert "SECRET-8" not in page.content.decode()


def test_a_copy_that_one_may_see_is_linked(actor, film, doctor, suspect_of):
    twin = make_radiograph(uploader=doctor, seed=8, rt_pcr="negative")
    suspect_of(film, Suspicion.COPIES, other=twin)
    assert twin.get_absolute_url() in actor("doctor").get(LIST).content.decode()


def test_a_changed_label_says_what_it_was(actor, film, suspect_of):
    state_truth(film, "negative")
    suspect_of(film, Suspicion.CHANGED, score=0)
    [row] = actor("doctor").get(LIST).context["rows"]
    assert row.label != row.suspect.truth.supersedes.target_class.get_test_result_display()
    assert str(row.suspect.truth.supersedes.target_class.get_test_result_display()) in row.why


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ({}, 1), ({"reason": "loss"}, 1), ({"reason": "copies"}, 0), ({"state": "kept"}, 0),
        ({"state": "open"}, 1), ({"reason": "nonsense"}, 1), ({"target": "nonsense"}, 1),
    ],
)  # fmt: skip
def test_filters(actor, suspect, asked, number):
    assert len(shown(actor("doctor").get(LIST, asked))) == number


def test_what_was_judged_is_found_by_its_state(actor, suspect):
    actor("doctor").post(judge(suspect), {"note": "Clear signs"})
    assert shown(actor("doctor").get(LIST)) == []
    page = actor("doctor").get(LIST, {"state": "kept"})
    assert shown(page) == [suspect]
    assert "Clear signs" in page.content.decode()


def test_after_a_verdict_the_filters_stay(actor, suspect):
    sent = {"note": "", "query": "reason=loss&next=//evil.example&page=2"}
    answer = actor("doctor").post(judge(suspect), sent)
    assert answer.headers["Location"] == f"{LIST}?reason=loss&page=2"


def test_the_second_is_told(actor, suspect):
    actor("site_administrator").post(judge(suspect), {"note": ""})
    actor("doctor").post(judge(suspect), {"note": "late"})
    suspect.refresh_from_db()
    assert suspect.note == ""


def test_a_note_that_is_too_long_is_refused(actor, suspect):
    assert actor("doctor").post(judge(suspect), {"note": "x" * 301}).status_code == 400


def test_what_is_in_the_trash_is_not_there(actor, suspect, doctor):
    trash(radiograph=suspect.radiograph, by=doctor)
    assert shown(actor("doctor").get(LIST)) == []


def test_a_corrected_label_leaves_the_queue(actor, suspect):
    state_truth(suspect.radiograph, "negative")
    assert shown(actor("doctor").get(LIST)) == []
    assert shown(actor("doctor").get(LIST, {"state": "corrected"})) == [suspect]


def test_pages(actor, doctor, suspect_of, suspect, monkeypatch):
    monkeypatch.setattr(labels, "PER_PAGE", 1)
    suspect_of(make_radiograph(uploader=doctor, seed=2, rt_pcr="negative"), score=1)
    assert len(shown(actor("doctor").get(LIST))) == 1
    assert shown(actor("doctor").get(LIST, {"page": 2})) != [suspect]


def test_an_open_check_asks_again_by_itself(actor, covid):
    LabelCheck.objects.create(target=covid)
    address = reverse("retraining:label_check", args=[covid.pk])
    answer = actor("doctor").get(address)
    assert answer.status_code == 200
    assert f'hx-get="{address}"' in answer.content.decode()


def test_a_check_that_ended_says_how(actor, covid):
    LabelCheck.objects.create(target=covid, status=JobStatus.FAILED, error_code="too-few")
    answer = actor("doctor").get(reverse("retraining:label_check", args=[covid.pk]))
    assert answer.status_code == STOP_POLLING
    assert "20" in answer.content.decode()


def test_a_check_of_an_unknown_question_is_refused(actor):
    assert actor("doctor").post(CHECK, {"target": "nonsense"}).status_code == 400


@pytest.mark.parametrize("address", [CHECK])
def test_reading_begins_nothing(actor, address):
    assert actor("doctor").get(address).status_code == 405
