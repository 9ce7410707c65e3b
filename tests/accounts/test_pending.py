import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db


def test_shows_what_was_asked_for(sign_in, pending, site):
    page = sign_in(pending).get(reverse("accounts:pending")).content.decode()
    assert site.name in page
    assert str(pending.get_requested_role_display()) in page


def test_other_pages_lead_here(sign_in, pending):
    assert sign_in(pending).get(reverse("accounts:tokens")).url == reverse("accounts:pending")


@pytest.mark.parametrize("name", ["home", "news:list", "news:contact", "accounts:profile"])
def test_public_and_own_pages_stay_open(sign_in, pending, name):
    assert sign_in(pending).get(reverse(name)).status_code == 200


@pytest.mark.parametrize("name", ["news:create", "news:inbox"])
def test_pages_of_writers_do_not(sign_in, pending, name):
    assert sign_in(pending).get(reverse(name)).url == reverse("accounts:pending")
