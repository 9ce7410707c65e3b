"""Whoever asks learns nothing about who has an account: same status, headers and body."""

import re

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.contrib.auth import hashers
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests.accounts.helpers import NEW_PASSWORD, log_in, sign_up

pytestmark = pytest.mark.django_db

UNKNOWN = "nobody@example.org"
CSRF = re.compile(r'(name="csrfmiddlewaretoken" value=|X-CSRFToken": )"[^"]+"')


def seen(response, email):
    """What an observer can compare: status, headers, names of cookies and the page."""
    body = CSRF.sub(r"\1", response.content.decode()).replace(email, "ADDRESS")
    headers = {name: value for name, value in response.headers.items() if name != "Content-Length"}
    return response.status_code, headers, set(response.cookies), body


def seen_with_next_page(client, response, email):
    pages = [seen(response, email)]
    if response.status_code == 302:
        pages.append(seen(client.get(response.url), email))
    return pages


@pytest.fixture(autouse=True)
def still_clock():
    """Two answers of one second apart differ in their `Expires` header, and in nothing else."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


@pytest.fixture
def known(doctor):
    return doctor.email


@pytest.fixture(params=["verified", "unverified", "closed"])
def taken(request, doctor):
    if request.param == "unverified":
        EmailAddress.objects.filter(user=doctor).update(verified=False)
    if request.param == "closed":
        User.objects.filter(pk=doctor.pk).update(is_active=False)
    return doctor.email


def asked(action, email):
    client = Client()
    cache.clear()
    return seen_with_next_page(client, action(client, email), email)


def test_signup(site, taken):
    def act(client, email):
        return sign_up(client, site, email=email)

    assert asked(act, taken) == asked(act, UNKNOWN)


def test_signup_with_a_refused_form(site, taken):
    def act(client, email):
        return sign_up(client, site, email=email, password2="different-from-it")

    assert asked(act, taken) == asked(act, UNKNOWN)


def test_signup_with_an_address_that_was_written_to_a_moment_ago(site):
    """Mail to one address is limited; that a mail was held back must not show."""
    recent = "recent@example.org"

    def act(client, email):
        if email == recent:
            sign_up(Client(), site, email=email)
        return sign_up(client, site, email=email)

    assert asked(act, recent) == asked(act, UNKNOWN)


def test_signup_hashes_a_password_for_taken_addresses_too(site, taken, monkeypatch):
    """The hash is nearly all of the time that a sign-up takes: without it a clock would tell."""
    hashed = []
    hasher = hashers.get_hasher()
    encode = type(hasher).encode

    def counted(self, *args):
        hashed.append(self.algorithm)
        return encode(self, *args)

    monkeypatch.setattr(type(hasher), "encode", counted)
    sign_up(Client(), site, email=taken)
    for_taken = len(hashed)
    sign_up(Client(), site, email=UNKNOWN)
    assert (for_taken, len(hashed)) == (1, 2)


def test_signup_changes_nothing_for_the_owner(site, doctor):
    sign_up(Client(), site, email=doctor.email, password1=NEW_PASSWORD, password2=NEW_PASSWORD)
    after = User.objects.get(pk=doctor.pk)
    assert (after.password, after.full_name) == (doctor.password, doctor.full_name)


def test_owner_is_told_about_the_signup(site, doctor):
    sign_up(Client(), site, email=doctor.email)
    assert [message.to for message in mail.outbox] == [[doctor.email]]
    assert reverse("account_reset_password") in mail.outbox[0].body


def test_reset(taken):
    def act(client, email):
        return client.post(reverse("account_reset_password"), {"email": email})

    assert asked(act, taken) == asked(act, UNKNOWN)


def test_reset_while_the_mail_server_is_down(known, settings):
    settings.EMAIL_BACKEND = "tests.accounts.broken_mail.Backend"

    def act(client, email):
        return client.post(reverse("account_reset_password"), {"email": email})

    assert asked(act, known) == asked(act, UNKNOWN)


def test_reset_of_an_unknown_address_sends_nothing():
    Client().post(reverse("account_reset_password"), {"email": UNKNOWN})
    assert mail.outbox == []


def test_login(taken):
    def act(client, email):
        return log_in(client, email, NEW_PASSWORD)

    assert asked(act, taken) == asked(act, UNKNOWN)


def test_login_after_too_many_failures(known):
    def act(client, email):
        for _ in range(5):
            log_in(Client(), email, NEW_PASSWORD)
        return log_in(client, email, NEW_PASSWORD)

    assert asked(act, known) == asked(act, UNKNOWN)


def test_login_takes_the_same_work(known, monkeypatch):
    """An unknown address costs one password hash too."""
    from django.contrib.auth import hashers

    work = []
    original = hashers.MD5PasswordHasher.encode

    def counted(self, password, salt):
        work.append(1)
        return original(self, password, salt)

    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", counted)
    log_in(Client(), known, NEW_PASSWORD)
    for_known = len(work)
    log_in(Client(), UNKNOWN, NEW_PASSWORD)
    assert for_known == len(work) - for_known > 0


def test_change_of_address_to_one_that_is_taken(sign_in, health_worker, known):
    def act(client, email):
        client.force_login(
            health_worker, backend="allauth.account.auth_backends.AuthenticationBackend"
        )
        client.post(reverse("account_reauthenticate"), {"password": "correct-horse-battery"})
        return client.post(reverse("account_email"), {"email": email, "action_add": ""})

    assert asked(act, known) == asked(act, UNKNOWN)
