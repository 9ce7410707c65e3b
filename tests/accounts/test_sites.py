import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db


def listed(client):
    return [site.name for site in client.get(reverse("accounts:sites")).context["sites"]]


def test_administrator_of_the_platform_sees_all(sign_in, administrator, site, other_site):
    assert set(listed(sign_in(administrator))) == {site.name, other_site.name}


def test_administrator_of_a_site_sees_the_own_one(sign_in, site_administrator, other_site):
    assert listed(sign_in(site_administrator)) == [site_administrator.site.name]


def test_counts_open_accounts(sign_in, administrator, doctor, health_worker):
    health_worker.is_active = False
    health_worker.save()
    sites = sign_in(administrator).get(reverse("accounts:sites")).context["sites"]
    assert [site.people_count for site in sites] == [1]
