"""The pieces that ask what labels would change, and show the answer."""

import uuid

import pytest
from django.urls import reverse

from core.http import STOP_POLLING
from core.jobs import JobStatus
from images.models import GroundTruth, MetadataTable, Radiograph, TableKind
from retraining.models import LabelImpact
from retraining.views import impact as views
from tests.factories import UserFactory, make_radiograph
from tests.images.conftest import SIGN_IN, WAITING, answer_of

pytestmark = pytest.mark.django_db
BULK = "/retraining/impact/bulk/"
SENT = {"verb": "label", "scope": "matching", "query": "", "result": "positive"}
ESTIMATE = {
    "verdict": "estimated", "flags": ["few-positives"], "added": 3, "changed": 1, "removed": 0,
    "n": 300, "positives": 40, "auc_before": 0.91, "auc_after": 0.945, "difference": 0.035,
    "low": 0.01, "high": 0.06, "flips": 2, "flipped": [], "without_features": 4, "refused": 0,
}  # fmt: skip


@pytest.fixture
def films(doctor, bells) -> list[Radiograph]:
    return [make_radiograph(uploader=doctor, seed=n, patient_code=f"F-{n}") for n in range(3)]


@pytest.fixture
def made(covid, doctor):
    def impact(by=doctor, status=JobStatus.DONE, **facts) -> LabelImpact:
        row = {"result": ESTIMATE, "seconds": 8.4} | facts
        return LabelImpact.objects.create(
            target=covid, requested_by=by, site=by.site, status=status, **row
        )

    return impact


@pytest.fixture
def table(doctor, site) -> MetadataTable:
    return MetadataTable.objects.create(
        kind=TableKind.LABORATORY, site=site, owner=doctor, sha256="0" * 64
    )


def page_of(row, name="impact") -> str:
    return reverse(f"retraining:{name}", args=[row.pk])


ACCESS = {
    "anonymous": SIGN_IN, "pending": WAITING, "health_worker": 403, "doctor": 200,
    "researcher": 403, "administrator": 200, "site_administrator": 200, "stranger": 403,
}  # fmt: skip
OWN = ACCESS | {"doctor": STOP_POLLING, "administrator": 404, "site_administrator": 404}
OF_TABLE = ACCESS | {"administrator": 404, "site_administrator": 404}


@pytest.mark.parametrize(("who", "expected"), ACCESS.items())
def test_who_may_ask_from_the_list(actor, films, who, expected):
    assert answer_of(actor(who).post(BULK, SENT)) == expected
    assert LabelImpact.objects.exists() == (expected == 200)


@pytest.mark.parametrize(("who", "expected"), OWN.items())
def test_who_may_see_an_answer(actor, made, who, expected):
    assert answer_of(actor(who).get(page_of(made()))) == expected


@pytest.mark.parametrize(("who", "expected"), OF_TABLE.items())
def test_who_may_ask_of_a_table(actor, table, films, monkeypatch, who, expected):
    monkeypatch.setattr(views.laboratory, "labels_of", lambda *_: {films[0].pk: "covid-19"})
    address = page_of(table, "impact-of-table")
    assert answer_of(actor(who).get(address)) == expected
    assert not LabelImpact.objects.exists()
    assert answer_of(actor(who).post(address)) == expected
    assert LabelImpact.objects.exists() == (expected == 200)


def test_the_list_asks_for_all_that_match(actor, films):
    page = actor("doctor").post(BULK, SENT)
    [row] = LabelImpact.objects.all()
    assert row.labels == {str(film.pk): "covid-19" for film in films}
    assert page_of(row) in page.content.decode()
    assert not GroundTruth.objects.exists()


def test_the_list_asks_for_the_ticked_ones(actor, films):
    actor("doctor").post(BULK, {**SENT, "scope": "ticked", "key": [str(films[1].pk)]})
    assert list(LabelImpact.objects.get().labels) == [str(films[1].pk)]


def test_an_unknown_result_takes_labels_away(actor, films):
    actor("doctor").post(BULK, {**SENT, "result": "unknown"})
    assert set(LabelImpact.objects.get().labels.values()) == {""}


def test_without_a_result_it_says_what_is_missing(actor, films):
    page = actor("doctor").post(BULK, {**SENT, "result": ""})
    assert page.context["note"]
    assert not LabelImpact.objects.exists()


def test_nothing_chosen_asks_nothing(actor, films):
    page = actor("doctor").post(BULK, {**SENT, "scope": "ticked", "key": [str(uuid.uuid4())]})
    assert page.context["note"]
    assert not LabelImpact.objects.exists()


def test_too_many_are_refused_in_words(actor, films, monkeypatch):
    monkeypatch.setattr("retraining.services.label_impact.MOST_LABELS", 2)
    assert actor("doctor").post(BULK, SENT).context["note"]
    assert not LabelImpact.objects.exists()


@pytest.mark.parametrize("sent", [{**SENT, "verb": "trash"}, {**SENT, "scope": "x"}, {}])
def test_what_is_no_label_is_refused(actor, films, sent):
    assert actor("doctor").post(BULK, sent).status_code == 400


def test_a_table_of_another_person_looks_missing(sign_in, table, site):
    colleague = UserFactory(role="doctor", site=site)
    answer = sign_in(colleague).post(page_of(table, "impact-of-table"))
    assert answer.status_code == 404


def test_a_table_of_metadata_has_no_impact(actor, table):
    MetadataTable.objects.update(kind=TableKind.METADATA)
    assert actor("doctor").get(page_of(table, "impact-of-table")).status_code == 404


def test_an_open_one_asks_again_and_says_how_far(actor, made):
    row = made(status=JobStatus.RUNNING, result={"percent": 40})
    answer = actor("doctor").get(page_of(row))
    assert answer.status_code == 200
    assert f'hx-get="{page_of(row)}"' in answer.content.decode()
    assert 'value="40"' in answer.content.decode()


def test_the_answer_is_told_in_words(actor, made):
    told = actor("doctor").get(page_of(made())).context["told"]
    assert [word.replace(",", ".") for word in (told.before, told.after, told.difference)] == [
        "0.910", "0.945", "+0.035",
    ]  # fmt: skip
    assert len(told.warnings) == 2
    assert len(told.sentences) == 3


@pytest.mark.parametrize(
    ("low", "high"), [(0.01, 0.06), (-0.06, -0.01), (-0.01, 0.06)], ids=["up", "down", "unclear"]
)
def test_the_headline_follows_the_interval(actor, made, low, high):
    row = made(result=ESTIMATE | {"low": low, "high": high})
    heads = {
        made(result=ESTIMATE | {"low": a, "high": b}): (a, b)
        for a, b in [(0.01, 0.06), (-0.06, -0.01), (-0.01, 0.06)]
    }
    client = actor("doctor")
    said = client.get(page_of(row)).context["told"].headline
    alike = [
        pair for other, pair in heads.items()
        if client.get(page_of(other)).context["told"].headline == said
    ]  # fmt: skip
    assert alike == [(low, high)]


@pytest.mark.parametrize("verdict", ["nothing-changes", "cannot-say"])
def test_without_an_estimate_no_figures_are_shown(actor, made, verdict):
    empty = dict.fromkeys(("auc_before", "auc_after", "difference", "low", "high"))
    row = made(result=ESTIMATE | empty | {"verdict": verdict})
    told = actor("doctor").get(page_of(row)).context["told"]
    assert (told.interval, told.before) == ("", "–")


def test_flipped_cases_are_shown_and_hidden_ones_counted(actor, made, films, other_site):
    elsewhere = make_radiograph(site=other_site, seed=50)
    flipped = [
        {"radiograph": str(film.pk), "before": "no-covid-19", "after": "covid-19"}
        for film in (films[0], elsewhere)
    ]
    page = actor("doctor").get(page_of(made(result=ESTIMATE | {"flipped": flipped})))
    assert films[0].get_absolute_url() in page.content.decode()
    assert str(elsewhere.pk) not in page.content.decode()
    assert page.context["told"].hidden_flips == 1


def test_a_failure_is_said(actor, made):
    row = made(status=JobStatus.FAILED, error_code="out-of-memory", result={})
    answer = actor("doctor").get(page_of(row))
    assert answer.status_code == STOP_POLLING
    assert answer.context["failure"]


def test_the_question_of_the_bulk_action_has_the_button(actor, films):
    page = actor("doctor").post("/images/actions/new/", {k: SENT[k] for k in SENT if k != "result"})
    assert f'hx-post="{BULK}"' in page.content.decode()
    other = actor("doctor").post("/images/actions/new/", {**SENT, "verb": "trash"})
    assert BULK not in other.content.decode()


def test_reading_asks_nothing(actor):
    assert actor("doctor").get(BULK).status_code == 405
