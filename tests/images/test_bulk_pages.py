"""The pages of bulk actions: the question, the progress, the list, stop and undo."""

import uuid

import pytest
from django.urls import reverse

from core.http import STOP_POLLING
from images.models import BulkAction, GroundTruth, Radiograph
from images.services import bulk
from tests import factories

NEW, START = "/images/actions/new/", "/images/actions/start/"


@pytest.fixture
def films(doctor):
    return [factories.make_radiograph(uploader=doctor, seed=n, rt_pcr="negative") for n in range(3)]


@pytest.fixture
def begun(films, actor):
    """An action of the doctor that nobody has worked on."""
    sent = {"verb": "label", "scope": "matching", "query": "", "result": "positive"}
    actor("doctor").post(START, {**sent, "tested_on": "", "id": str(uuid.uuid4())})
    return BulkAction.objects.get()


def asked(**more):
    return {"verb": "label", "scope": "matching", "query": "", **more}


def page_of(action, name="bulk_action") -> str:
    return reverse(f"images:{name}", args=[action.pk])


@pytest.mark.parametrize(
    ("who", "verb", "status"),
    [
        ("doctor", "label", 200), ("doctor", "trash", 200), ("doctor", "export", 200),
        ("health_worker", "label", 400), ("health_worker", "assign", 200),
        ("health_worker", "export", 400), ("researcher", "export", 200),
        ("researcher", "trash", 400), ("site_administrator", "repredict", 200),
        ("administrator", "label", 200), ("stranger", "trash", 200), ("doctor", "burn", 400),
    ],
)  # fmt: skip
def test_question_by_role(actor, films, who, verb, status):
    assert actor(who).post(NEW, asked(verb=verb)).status_code == status


def test_the_question_says_how_many_and_begins_nothing(actor, films):
    page = actor("doctor").post(NEW, asked())
    assert page.context["number"] == 3
    assert not BulkAction.objects.exists()


def test_the_question_counts_what_the_filters_match(actor, films):
    factories.state_truth(films[0], "positive")
    assert actor("doctor").post(NEW, asked(query="rt_pcr=positive")).context["number"] == 1


def test_the_question_counts_what_was_ticked(actor, films):
    page = actor("doctor").post(NEW, asked(scope="ticked", key=[str(films[0].pk), "x"]))
    assert page.context["number"] == 1


def test_a_stranger_reaches_nothing(actor, films):
    assert actor("stranger").post(NEW, asked(verb="trash")).context["number"] == 0


@pytest.mark.parametrize(
    "wrong", [{"scope": "ticked"}, {"scope": "some"}, {"query": "rt_pcr=maybe"}, {"verb": ""}]
)
def test_what_is_not_valid_begins_nothing(actor, films, wrong):
    assert actor("doctor").post(START, asked(**wrong)).status_code == 400
    assert not BulkAction.objects.exists()


@pytest.mark.parametrize(
    "said", [{}, {"result": "maybe"}, {"result": "positive", "tested_on": "2999-01-01"}]
)
def test_the_verbs_own_question_must_be_answered(actor, films, said):
    assert actor("doctor").post(START, asked(**said)).status_code == 400
    assert not BulkAction.objects.exists()


def test_reading_begins_nothing(actor, films):
    assert actor("doctor").get(START).status_code == 405


def test_it_is_done_and_told(actor, begun):
    bulk.work_on_bulk()
    page = actor("doctor").get(page_of(begun))
    assert page.context["action"].done_count == 3
    assert {row.result for row in GroundTruth.objects.current()} == {"positive"}


def test_progress_asks_again_until_the_end(actor, begun):
    client = actor("doctor")
    assert client.get(page_of(begun, "bulk_progress")).status_code == 200
    bulk.work_on_bulk()
    assert client.get(page_of(begun, "bulk_progress")).status_code == STOP_POLLING


@pytest.mark.parametrize(
    "who", ["health_worker", "researcher", "site_administrator", "administrator", "stranger"]
)
@pytest.mark.parametrize("name", ["bulk_action", "bulk_progress", "bulk_cancel", "bulk_undo"])
def test_other_people_have_no_such_action(actor, begun, who, name):
    client = actor(who)
    ask = client.post if name in {"bulk_cancel", "bulk_undo"} else client.get
    assert ask(page_of(begun, name)).status_code == 404


def test_it_is_in_the_list_of_ones_own(actor, begun):
    assert page_of(begun) in actor("doctor").get(reverse("images:bulk_actions")).content.decode()
    assert not actor("stranger").get(reverse("images:bulk_actions")).context["page"].object_list


def test_it_can_be_stopped(actor, begun):
    actor("doctor").post(page_of(begun, "bulk_cancel"))
    begun.refresh_from_db()
    assert begun.status == "cancelled"


def test_it_can_be_undone(actor, begun):
    bulk.work_on_bulk()
    answer = actor("doctor").post(page_of(begun, "bulk_undo"))
    bulk.work_on_bulk()
    back = BulkAction.objects.get(undoes=begun)
    assert answer.headers["Location"] == page_of(back)
    assert set(Radiograph.objects.values_list("rt_pcr", flat=True)) == {"negative"}
    assert actor("doctor").get(page_of(back)).status_code == 200


def test_what_was_refused_is_named_with_the_reason(actor, begun, films):
    action = BulkAction.objects.get()
    Radiograph.objects.filter(pk=films[0].pk).update(created_at=action.created_at)
    bulk.work_on_bulk()
    action.changes.filter(radiograph=films[0]).update(state="refused", error_code="out-of-reach")
    page = actor("doctor").get(page_of(action))
    assert [radiograph.pk for radiograph, _ in page.context["refused"]] == [films[0].pk]


def test_the_list_offers_the_verbs_of_the_person(actor, films):
    page = actor("doctor").get("/images/").content.decode()
    assert 'value="label"' in page
    assert f'value="{films[0].pk}"' in page
    assert 'value="label"' not in actor("researcher").get("/images/").content.decode()
