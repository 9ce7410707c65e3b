"""GET /: what visitors and each role see first."""

import pytest
from django.urls import reverse

from tests import factories

URL = "/"


@pytest.mark.parametrize(
    "name",
    ["anonymous", "pending", "health_worker", "doctor", "researcher", "administrator",
     "site_administrator", "stranger"],
)  # fmt: skip
@pytest.mark.django_db
def test_everybody_may_open_it(actor, name):
    assert actor(name).get(URL).status_code == 200


def test_a_visitor_finds_the_door(anonymous):
    assert reverse("account_login") in anonymous.get(URL).content.decode()


def test_a_visitor_sees_no_figures(anonymous):
    assert "tiles" not in anonymous.get(URL).context


def test_figures_are_of_what_a_person_sees(sign_in, health_worker, stranger, site, other_site):
    factories.make_radiograph(site=site, uploader=health_worker, seed=1)
    factories.make_radiograph(site=site, uploader=health_worker, seed=2)
    own, foreign = (sign_in(user).get(URL).context["tiles"] for user in (health_worker, stranger))
    assert (own[0].value, foreign[0].value) == (2, 0)


def test_the_latest_radiographs_are_listed(sign_in, health_worker, site):
    radiograph = factories.make_radiograph(site=site, uploader=health_worker, seed=1)
    page = sign_in(health_worker).get(URL)
    assert [row.pk for row in page.context["recent"]] == [radiograph.pk]
    assert radiograph.get_absolute_url() in page.content.decode()


def test_another_sites_radiographs_are_not_listed(sign_in, health_worker, stranger, site):
    factories.make_radiograph(site=site, uploader=health_worker, seed=1)
    assert sign_in(stranger).get(URL).context["recent"] == []


def test_the_number_of_queries_does_not_grow(sign_in, doctor, site, django_assert_max_num_queries):
    for seed in range(5):
        factories.make_radiograph(site=site, uploader=doctor, seed=seed)
    client = sign_in(doctor)
    with django_assert_max_num_queries(16):
        client.get(URL)


def test_administrators_see_who_waits(sign_in, administrator, pending):
    labels = {tile.icon: tile.value for tile in sign_in(administrator).get(URL).context["tiles"]}
    assert labels["person-plus"] == 1


def test_a_waiting_person_sees_no_radiographs(sign_in, pending):
    context = sign_in(pending).get(URL).context
    assert (context["tiles"], context["recent"]) == ([], [])


def test_it_only_reads(anonymous):
    assert anonymous.post(URL).status_code == 405
