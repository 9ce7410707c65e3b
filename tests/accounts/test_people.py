import pytest
from django.urls import reverse

from accounts.models import User
from tests.accounts.helpers import ENGLISH
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def listed(client, **query):
    page = client.get(reverse("accounts:people"), query).context["page"]
    return [person.full_name for person in page]


def test_those_who_wait_come_first(sign_in, administrator, doctor, pending):
    assert listed(sign_in(administrator))[0] == pending.full_name


def test_closed_accounts_come_last(sign_in, administrator, doctor, pending):
    User.objects.filter(pk=doctor.pk).update(is_active=False)
    assert listed(sign_in(administrator))[-1] == doctor.full_name


def test_unproven_addresses_come_after_proven_ones(sign_in, administrator, pending):
    UserFactory(full_name="Aaron Unproven", role="", site=None, verified=False)
    assert listed(sign_in(administrator))[:2] == [pending.full_name, "Aaron Unproven"]


def test_administrator_of_the_platform_sees_everybody(sign_in, administrator, doctor, stranger):
    assert {doctor.full_name, stranger.full_name} <= set(listed(sign_in(administrator)))


def test_administrator_of_a_site_sees_its_people(
    sign_in, site_administrator, administrator, doctor, pending, stranger
):
    expected = {site_administrator.full_name, doctor.full_name, pending.full_name}
    assert set(listed(sign_in(site_administrator))) == expected


def test_who_once_asked_for_a_site_is_not_of_it(sign_in, site_administrator, administrator):
    """An administrator of the platform stays out of reach of the site they signed up with."""
    User.objects.filter(pk=administrator.pk).update(requested_site=site_administrator.site)
    assert administrator.full_name not in listed(sign_in(site_administrator))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "diego"}, ["Diego Doctor"]),
        ({"q": "DIEGO"}, ["Diego Doctor"]),
        ({"q": "no such person"}, []),
        ({"status": "waiting"}, ["Paula Pending"]),
        ({"status": "closed"}, ["Hebe Worker"]),
        ({"status": "active"}, ["Ada Administrator", "Diego Doctor"]),
        ({"role": "doctor"}, ["Diego Doctor"]),
        ({"role": "doctor", "status": "waiting"}, []),
        (
            {"status": "nonsense", "role": "nonsense"},
            ["Paula Pending", "Ada Administrator", "Diego Doctor", "Hebe Worker"],
        ),
    ],
)
def test_filters(sign_in, administrator, doctor, pending, health_worker, query, expected):
    User.objects.filter(pk=health_worker.pk).update(is_active=False)
    assert listed(sign_in(administrator), **query) == expected


def test_search_by_address(sign_in, administrator, doctor):
    assert listed(sign_in(administrator), q=doctor.email) == [doctor.full_name]


def test_says_how_many_wait(sign_in, administrator, pending):
    page = sign_in(administrator).get(reverse("accounts:people"), headers=ENGLISH)
    assert page.context["waiting"] == 1


def test_pages(sign_in, administrator, site):
    UserFactory.create_batch(30, site=site)
    client = sign_in(administrator)
    assert len(listed(client)) == 25
    assert len(listed(client, page=2)) == 6


def test_number_of_queries_does_not_grow(
    sign_in, administrator, site, django_assert_max_num_queries
):
    client = sign_in(administrator)
    listed(client)
    UserFactory.create_batch(20, site=site)
    with django_assert_max_num_queries(8):
        listed(client)
