import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.urls import reverse
from django.utils.translation import get_language

from accounts.models import User
from accounts.services import announce_request
from tests.accounts.helpers import confirm_last_mail, link_in_last_mail, log_in, sign_up

pytestmark = pytest.mark.django_db


def announcements():
    return [message for message in mail.outbox if "/people/" in message.body]


def test_opening_the_link_alone_confirms_nothing(anonymous, site):
    """Scanners of mail open links; a person presses the button."""
    sign_up(anonymous, site)
    assert anonymous.get(link_in_last_mail()).status_code == 200
    assert not EmailAddress.objects.get().verified


def test_button_confirms(anonymous, site):
    sign_up(anonymous, site)
    confirm_last_mail(anonymous)
    assert EmailAddress.objects.get().verified


def test_until_then_nobody_signs_in(anonymous, site):
    sign_up(anonymous, site)
    log_in(anonymous, "nina@example.org")
    assert "_auth_user_id" not in anonymous.session


def test_then_the_person_signs_in_and_waits(anonymous, site):
    sign_up(anonymous, site)
    confirm_last_mail(anonymous)
    assert log_in(anonymous, "nina@example.org").url == reverse("accounts:pending")


def test_a_broken_link_says_so(anonymous):
    assert anonymous.get(reverse("account_confirm_email", args=["nonsense"])).status_code == 200
    assert anonymous.post(reverse("account_confirm_email", args=["nonsense"])).status_code == 404


def test_administrators_in_scope_are_told(
    anonymous, site, administrator, site_administrator, doctor, django_capture_on_commit_callbacks
):
    sign_up(anonymous, site)
    with django_capture_on_commit_callbacks(execute=True):
        confirm_last_mail(anonymous)
    recipients = {message.to[0] for message in announcements()}
    assert recipients == {administrator.email, site_administrator.email}


def test_administrators_of_other_sites_are_not_told(
    anonymous, other_site, administrator, site_administrator, django_capture_on_commit_callbacks
):
    sign_up(anonymous, other_site)
    with django_capture_on_commit_callbacks(execute=True):
        confirm_last_mail(anonymous)
    assert [message.to[0] for message in announcements()] == [administrator.email]


def test_each_is_told_in_their_language(pending, administrator, site_administrator, monkeypatch):
    spoken = []
    monkeypatch.setattr(
        "accounts.mail.render_to_string", lambda *_: spoken.append(get_language()) or "words"
    )
    User.objects.filter(pk=administrator.pk).update(language="en")
    announce_request(user=pending)
    assert set(spoken) == {"es", "en"}


def test_they_are_told_once(anonymous, site, administrator, django_capture_on_commit_callbacks):
    sign_up(anonymous, site)
    with django_capture_on_commit_callbacks(execute=True):
        confirm_last_mail(anonymous)
        assert announce_request(user=User.objects.get(email="nina@example.org")) is False
    assert len(announcements()) == 1


def test_nobody_is_told_before(anonymous, site, administrator, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        sign_up(anonymous, site)
    assert announcements() == []
