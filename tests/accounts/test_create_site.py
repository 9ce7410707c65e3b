import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from accounts import services
from accounts.models import Site

pytestmark = pytest.mark.django_db


def create(client, **changes):
    data = {"name": "Clínica Güemes", "code": "guemes"} | changes
    return client.post(reverse("accounts:create_site"), data)


def test_creates(sign_in, administrator):
    create(sign_in(administrator))
    site = Site.objects.get(code="guemes")
    assert (site.name, site.shares_with_researchers) == ("Clínica Güemes", False)


def test_sharing_is_a_choice(sign_in, administrator):
    create(sign_in(administrator), shares_with_researchers="on")
    assert Site.objects.get().shares_with_researchers


def test_name_can_come_from_a_request(sign_in, administrator):
    page = sign_in(administrator).get(reverse("accounts:create_site"), {"name": "Güemes"})
    assert page.context["form"]["name"].value() == "Güemes"


@pytest.mark.parametrize(
    "changes",
    [{"name": ""}, {"code": ""}, {"code": "with space"}, {"code": "milagro"}, {"name": "<i>"}],
)
def test_refuses(sign_in, administrator, site, changes):
    assert create(sign_in(administrator), **changes).status_code == 400
    assert Site.objects.count() == 1


def test_service_refuses_a_site_administrator(site_administrator):
    with pytest.raises(PermissionDenied):
        services.create_site(
            name="n", code="c", shares_with_researchers=False, by=site_administrator
        )
