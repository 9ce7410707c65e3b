import pytest
from django.urls import reverse

from accounts import services
from accounts.models import Site

pytestmark = pytest.mark.django_db

DATA = {"name": "Hospital Nuevo", "code": "nuevo", "shares_with_researchers": "on"}


def edit(client, site, data=DATA):
    return client.post(reverse("accounts:edit_site", args=[site.pk]), data)


@pytest.mark.parametrize("who", ["administrator", "site_administrator"])
def test_changes(actor, who, site):
    edit(actor(who), site)
    site.refresh_from_db()
    assert (site.name, site.code, site.shares_with_researchers) == (
        "Hospital Nuevo",
        "nuevo",
        True,
    )


def test_sharing_can_be_taken_back(sign_in, administrator, site):
    Site.objects.update(shares_with_researchers=True)
    edit(sign_in(administrator), site, {"name": site.name, "code": site.code})
    assert not Site.objects.get().shares_with_researchers


def test_another_site_is_missing(sign_in, site_administrator, other_site):
    assert edit(sign_in(site_administrator), other_site).status_code == 404
    assert Site.objects.get(pk=other_site.pk).name == other_site.name


def test_service_holds_the_same_rule(site_administrator, other_site):
    with pytest.raises(Site.DoesNotExist):
        services.edit_site(
            site=other_site,
            name="n",
            code="c",
            shares_with_researchers=True,
            by=site_administrator,
        )


def test_refuses_a_code_that_is_taken(sign_in, administrator, site, other_site):
    assert edit(sign_in(administrator), site, DATA | {"code": other_site.code}).status_code == 400
    assert Site.objects.get(pk=site.pk).code == site.code


def test_what_may_train_is_a_rule_of_the_institution(sign_in, site_administrator, site):
    edit(sign_in(site_administrator), site, DATA | {"truth_days": "7", "trains_undated": ""})
    site.refresh_from_db()
    assert (site.truth_days, site.trains_undated) == (7, False)


def test_days_that_are_left_out_stay(sign_in, site_administrator, site):
    Site.objects.update(truth_days=5)
    edit(sign_in(site_administrator), site, DATA | {"trains_undated": "on"})
    site.refresh_from_db()
    assert (site.truth_days, site.trains_undated) == (5, True)


@pytest.mark.parametrize("days", ["-1", "366", "x"])
def test_impossible_days(sign_in, site_administrator, site, days):
    answer = edit(sign_in(site_administrator), site, DATA | {"truth_days": days})
    assert answer.status_code == 400
    site.refresh_from_db()
    assert site.truth_days == 14
