import time

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from tests.accounts.helpers import log_in, reauthenticate, totp_code

pytestmark = pytest.mark.django_db


@pytest.fixture
def secret(sign_in, doctor):
    """Two-factor authentication of the doctor, turned on through the pages."""
    client = sign_in(doctor)
    reauthenticate(client)
    client.get(reverse("mfa_activate_totp"))
    key = client.session["mfa.totp.secret"]
    client.post(reverse("mfa_activate_totp"), {"code": totp_code(key)})
    cache.clear()  # a code counts once; the tests use the same half minute again
    return key


@pytest.fixture
def halfway(secret, doctor):
    """A browser that gave the right password and is asked for the code."""
    client = Client()
    assert log_in(client, doctor.email).url == reverse("mfa_authenticate")
    return client


def answer(client, code):
    return client.post(reverse("mfa_authenticate"), {"code": code})


def recovery_codes(doctor):
    row = Authenticator.objects.get(user=doctor, type=Authenticator.Type.RECOVERY_CODES)
    return row.wrap().get_unused_codes()


def test_index_page(sign_in, doctor):
    assert sign_in(doctor).get(reverse("mfa_index")).status_code == 200


def test_turning_on_asks_for_the_password(sign_in, doctor):
    response = sign_in(doctor).get(reverse("mfa_activate_totp"))
    assert response.url.startswith(reverse("account_reauthenticate"))


def test_wrong_code_turns_nothing_on(sign_in, doctor):
    client = sign_in(doctor)
    reauthenticate(client)
    client.get(reverse("mfa_activate_totp"))
    key = client.session["mfa.totp.secret"]
    too_late = totp_code(key, at=time.time() + 3600)
    client.post(reverse("mfa_activate_totp"), {"code": too_late})
    assert not Authenticator.objects.filter(user=doctor).exists()


def test_real_code_turns_it_on(secret, doctor):
    assert Authenticator.objects.filter(user=doctor, type=Authenticator.Type.TOTP).exists()


def test_password_alone_is_not_enough(halfway):
    assert "_auth_user_id" not in halfway.session


def test_code_completes_the_login(halfway, secret, doctor):
    answer(halfway, totp_code(secret))
    assert halfway.session["_auth_user_id"] == str(doctor.pk)


def test_wrong_code_does_not(halfway, secret):
    answer(halfway, totp_code(secret, at=time.time() + 3600))
    assert "_auth_user_id" not in halfway.session


def test_code_counts_once(halfway, secret, doctor):
    code = totp_code(secret)
    answer(halfway, code)
    log_in(second := Client(), doctor.email)
    answer(second, code)
    assert "_auth_user_id" not in second.session


def test_recovery_code_completes_the_login(halfway, doctor):
    answer(halfway, recovery_codes(doctor)[0])
    assert halfway.session["_auth_user_id"] == str(doctor.pk)


def test_recovery_code_works_once(halfway, doctor):
    code = recovery_codes(doctor)[0]
    answer(halfway, code)
    log_in(second := Client(), doctor.email)
    answer(second, code)
    assert "_auth_user_id" not in second.session
    assert code not in recovery_codes(doctor)


def test_waiting_person_may_turn_it_on(sign_in, pending):
    assert sign_in(pending).get(reverse("mfa_index")).status_code == 200
