import pytest
from django.test import Client
from django.urls import reverse

from accounts.errors import AccountError
from accounts.models import User
from accounts.services import create_first_administrator, has_administrator
from tests.accounts.helpers import log_in

pytestmark = pytest.mark.django_db

EMAIL = "admin@covid-xr.local"


def test_administers_the_whole_platform():
    create_first_administrator(EMAIL)
    assert User.objects.get(email=EMAIL).is_platform_wide
    assert has_administrator()


def test_password_signs_in_and_must_be_changed():
    password = create_first_administrator(EMAIL)
    response = log_in(Client(), EMAIL, password)
    assert response.url == reverse("account_change_password")


def test_password_cannot_be_guessed():
    password = create_first_administrator(EMAIL)
    assert len(password) == 16
    assert password not in User.objects.get(email=EMAIL).password


def test_only_on_an_empty_platform(administrator):
    with pytest.raises(AccountError, match="administrator-exists"):
        create_first_administrator(EMAIL)


def test_administrator_of_a_site_is_not_enough(site_administrator):
    assert not has_administrator()


def test_closed_administrator_is_not_enough(administrator):
    User.objects.update(is_active=False)
    assert not has_administrator()


def test_address_of_another_person(doctor):
    with pytest.raises(AccountError, match="email-taken"):
        create_first_administrator(doctor.email.upper())
