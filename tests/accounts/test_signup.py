import pytest
from django.core import mail
from django.urls import reverse

from accounts.models import User
from tests.accounts.helpers import ENGLISH, sign_up

pytestmark = pytest.mark.django_db


def test_page_is_open_to_anonymous(anonymous):
    assert anonymous.get(reverse("account_signup")).status_code == 200


def test_page_asks_for_institution_and_role(anonymous, site):
    page = anonymous.get(reverse("account_signup")).content.decode()
    for name in ("email", "full_name", "institution", "institution_name", "requested_role"):
        assert f'name="{name}"' in page
    assert site.name in page


def test_creates_a_person_without_role(anonymous, site):
    sign_up(anonymous, site)
    user = User.objects.get(email="nina@example.org")
    assert (user.role, user.site, user.is_approved) == ("", None, False)


def test_remembers_what_was_asked_for(anonymous, site):
    sign_up(anonymous, site)
    user = User.objects.get(email="nina@example.org")
    assert (user.full_name, user.requested_role, user.requested_site) == (
        "Nina Nueva",
        "doctor",
        site,
    )


def test_remembers_an_institution_that_is_not_listed(anonymous):
    sign_up(anonymous, None, institution_name="  Clínica   Güemes ")
    user = User.objects.get(email="nina@example.org")
    assert (user.requested_site, user.requested_site_name) == (None, "Clínica Güemes")


def test_forgets_the_free_text_when_one_was_chosen(anonymous, site):
    sign_up(anonymous, site, institution_name="Elsewhere")
    assert User.objects.get(email="nina@example.org").requested_site_name == ""


def test_remembers_the_language(anonymous, site):
    anonymous.cookies["django_language"] = "en"
    sign_up(anonymous, site)
    assert User.objects.get(email="nina@example.org").language == "en"


def test_sends_a_link_to_the_address(anonymous, site):
    sign_up(anonymous, site)
    assert mail.outbox[0].to == ["nina@example.org"]
    assert "/account/confirm-email/" in mail.outbox[0].body


def test_mail_holds_no_words_of_the_visitor(anonymous, site):
    sign_up(anonymous, site, full_name="Win Prizes Now")
    assert "Win Prizes" not in mail.outbox[0].body + mail.outbox[0].subject


def test_does_not_sign_in(anonymous, site):
    sign_up(anonymous, site)
    assert "_auth_user_id" not in anonymous.session


def test_address_is_stored_in_lower_case(anonymous, site):
    sign_up(anonymous, site, email="Nina@Example.ORG")
    assert User.objects.filter(email="nina@example.org").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"email": "not-an-address"},
        {"email": ""},
        {"full_name": ""},
        {"full_name": "Nina http://evil.example"},
        {"full_name": "Nina <b>"},
        {"full_name": "N" * 121},
        {"institution": ""},
        {"institution": "other", "institution_name": ""},
        {"institution": "other", "institution_name": "www://spam"},
        {"institution": "00000000-0000-0000-0000-000000000000"},
        {"requested_role": ""},
        {"requested_role": "emperor"},
        {"password1": "short", "password2": "short"},
        {"password1": "1234567890123", "password2": "1234567890123"},
        {"password2": "something-else-here"},
    ],
)
def test_refuses(anonymous, site, changes):
    response = sign_up(anonymous, site, **changes)
    assert response.status_code == 200
    assert response.context["form"].errors
    assert User.objects.count() == 0


def test_keeps_what_was_typed(anonymous, site):
    response = sign_up(anonymous, site, requested_role="")
    assert "Nina Nueva" in response.content.decode()


def test_no_role_can_be_slipped_in(anonymous, site):
    sign_up(anonymous, site, role="administrator", approved_at="2020-01-01", site_id=str(site.pk))
    user = User.objects.get(email="nina@example.org")
    assert (user.role, user.approved_at, user.site_id) == ("", None, None)


def test_same_address_at_the_same_moment(anonymous, site, health_worker, monkeypatch):
    """The form saw a free address; another request took it before the row was written."""
    from accounts.forms import SignupForm

    monkeypatch.setattr(SignupForm, "validate_unique_email", lambda self, value: value)
    response = sign_up(anonymous, site, email=health_worker.email)
    assert response.url == reverse("account_email_verification_sent")
    assert User.objects.filter(email=health_worker.email).count() == 1


def test_a_failing_mail_server_loses_nothing(anonymous, site, settings):
    settings.EMAIL_BACKEND = "tests.accounts.broken_mail.Backend"
    assert sign_up(anonymous, site).status_code == 302
    assert User.objects.filter(email="nina@example.org").exists()


def test_many_from_one_place_are_slowed_down(anonymous, site, settings):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"signup": "2/h/ip"}
    for number in range(2):
        sign_up(anonymous, site, email=f"n{number}@example.org")
    response = anonymous.post(reverse("account_signup"), {}, headers=ENGLISH)
    assert response.status_code == 429
    assert "Too many attempts" in response.content.decode()
