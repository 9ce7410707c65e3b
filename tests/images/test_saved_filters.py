"""Filters under a name."""

import pytest
from django.urls import reverse

from accounts.roles import Role
from images.models import SavedFilter
from tests import factories

SAVE, ALL = "/images/filters/save/", "/images/filters/"


@pytest.fixture
def kept(doctor, site):
    return SavedFilter.objects.create(
        owner=doctor, site=site, name="Positives", query="rt_pcr=positive", is_shared=True
    )


def address(kept, name="change_filter"):
    return reverse(f"images:{name}", args=[kept.pk])


def test_is_kept_normalised(actor, doctor):
    query = "view=PA&rt_pcr=positive&nonsense=1&page=3&sort=-date&patient="
    answer = actor("doctor").post(SAVE, {"name": "Mine", "query": query})
    saved = SavedFilter.objects.get(owner=doctor)
    assert saved.query == "rt_pcr=positive&sort=-date&view=PA"
    assert (saved.is_shared, answer.headers["Location"]) == (False, saved.get_absolute_url())


def test_opens_the_list(actor, kept, film):
    assert actor("doctor").get(kept.get_absolute_url()).context["page"].rows == [film]


@pytest.mark.parametrize(
    "sent",
    [
        {"name": "", "query": ""}, {"name": "x" * 81, "query": ""}, {"name": "Positives"},
        {"name": "Bad", "query": "rt_pcr=maybe"}, {"name": "Bad", "query": "sort=luck"},
        {"name": "Long", "query": "x" * 4001},
    ],
)  # fmt: skip
def test_what_is_not_valid_is_not_kept(actor, kept, sent):
    assert actor("doctor").post(SAVE, sent).status_code == 400
    assert SavedFilter.objects.count() == 1


@pytest.mark.parametrize(
    ("who", "seen"),
    [("doctor", 1), ("health_worker", 1), ("researcher", 1), ("stranger", 0), ("administrator", 0)],
)
def test_shared_ones_are_seen_within_the_institution(actor, kept, who, seen):
    assert len(actor(who).get(ALL).context["saved_filters"]) == seen


def test_others_are_not(actor, kept):
    SavedFilter.objects.update(is_shared=False)
    assert not actor("health_worker").get(ALL).context["saved_filters"]


@pytest.mark.parametrize("query", ["patient=A-1", "rt_pcr=positive&q=A-1"])
def test_researchers_get_none_that_may_hold_a_code(actor, kept, query):
    SavedFilter.objects.update(query=query)
    assert not actor("researcher").get(ALL).context["saved_filters"]


def test_can_be_renamed_and_unshared(actor, kept):
    actor("doctor").post(address(kept), {"name": "Others"})
    kept.refresh_from_db()
    assert (kept.name, kept.is_shared, kept.query) == ("Others", False, "rt_pcr=positive")


def test_keeps_its_own_name(actor, kept):
    assert actor("doctor").post(address(kept), {"name": "Positives"}).status_code == 302


def test_is_deleted(actor, kept):
    actor("doctor").post(address(kept, "delete_filter"))
    assert not SavedFilter.objects.exists()


@pytest.mark.parametrize("who", ["health_worker", "researcher", "site_administrator", "stranger"])
@pytest.mark.parametrize("name", ["change_filter", "delete_filter"])
def test_only_by_who_saved_it(actor, kept, who, name):
    assert actor(who).post(address(kept, name), {"name": "x"}).status_code == 404
    assert SavedFilter.objects.get().name == "Positives"


def test_names_are_ones_own(actor, kept, site):
    colleague = factories.UserFactory(role=Role.DOCTOR, site=site)
    SavedFilter.objects.create(owner=colleague, site=site, name="Positives")
    assert actor("doctor").get(ALL).status_code == 200


def test_the_list_names_them(actor, kept, film):
    assert "Positives" in actor("doctor").get("/images/").content.decode()
