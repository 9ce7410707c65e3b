import pytest
from django.urls import reverse

from accounts.models import User
from tests.accounts.helpers import NEW_PASSWORD, log_in

pytestmark = pytest.mark.django_db


def test_page_is_open_to_anonymous(anonymous):
    assert anonymous.get(reverse("account_login")).status_code == 200


def test_leads_home(anonymous, doctor):
    assert log_in(anonymous, doctor.email).url == reverse("home")


def test_address_in_any_case(anonymous, doctor):
    log_in(anonymous, doctor.email.upper())
    assert anonymous.session["_auth_user_id"] == str(doctor.pk)


def test_wrong_password(anonymous, doctor):
    assert log_in(anonymous, doctor.email, NEW_PASSWORD).status_code == 200
    assert "_auth_user_id" not in anonymous.session


def test_closed_account_does_not_enter(anonymous, doctor):
    User.objects.filter(pk=doctor.pk).update(is_active=False)
    assert log_in(anonymous, doctor.email).url == reverse("account_inactive")
    assert "_auth_user_id" not in anonymous.session


def test_guessing_is_slowed_down(anonymous, doctor):
    for _ in range(5):
        log_in(anonymous, doctor.email, NEW_PASSWORD)
    log_in(anonymous, doctor.email)
    assert "_auth_user_id" not in anonymous.session


def test_a_new_browser_speaks_the_persons_language(anonymous, doctor):
    User.objects.filter(pk=doctor.pk).update(language="en")
    log_in(anonymous, doctor.email)
    assert anonymous.cookies["django_language"].value == "en"


def test_a_language_chosen_in_this_browser_stays(anonymous, doctor):
    anonymous.cookies["django_language"] = "en"
    response = log_in(anonymous, doctor.email)
    assert "django_language" not in response.cookies


def test_session_does_not_outlive_the_browser(anonymous, doctor):
    log_in(anonymous, doctor.email)
    assert anonymous.session.get_expire_at_browser_close()


def test_logout_needs_a_post(sign_in, doctor):
    client = sign_in(doctor)
    client.get(reverse("account_logout"))
    assert "_auth_user_id" in client.session
    client.post(reverse("account_logout"))
    assert "_auth_user_id" not in client.session


def test_does_not_lead_to_another_host(anonymous, doctor):
    response = anonymous.post(
        reverse("account_login") + "?next=https://evil.example/",
        {"login": doctor.email, "password": "correct-horse-battery"},
    )
    assert response.url == reverse("home")
