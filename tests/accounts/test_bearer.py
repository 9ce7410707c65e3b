from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken, User
from accounts.services import issue_token, revoke_token

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.accounts.bearer_urls")]


def call(secret, method="get", scheme="Bearer"):
    header = {"authorization": f"{scheme} {secret}"}
    return getattr(Client(), method)("/api/probe/", headers=header)


@pytest.fixture
def reading(doctor):
    return issue_token(user=doctor, name="n", scope="read", days=10)


@pytest.fixture
def writing(doctor):
    return issue_token(user=doctor, name="n", scope="write", days=10)


def test_opens(reading, doctor):
    response = call(reading[1])
    assert (response.status_code, response.json()) == (200, {"user": doctor.email})


def test_without_token():
    response = Client().get("/api/probe/")
    assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")


def test_expired(reading):
    with time_machine.travel(timezone.now() + timedelta(days=10, seconds=1)):
        assert call(reading[1]).status_code == 401


def test_still_alive_on_the_last_day(reading):
    with time_machine.travel(timezone.now() + timedelta(days=9, hours=23)):
        assert call(reading[1]).status_code == 200


def test_revoked(reading):
    revoke_token(token=reading[0])
    assert call(reading[1]).status_code == 401


def test_closed_account(reading, doctor):
    User.objects.filter(pk=doctor.pk).update(is_active=False)
    assert call(reading[1]).status_code == 401


def test_account_without_a_role_any_more(reading, doctor):
    User.objects.filter(pk=doctor.pk).update(role="")
    assert call(reading[1]).status_code == 403


def test_reading_token_does_not_write(reading):
    assert call(reading[1], "post").status_code == 403


def test_writing_token_writes(writing):
    assert call(writing[1], "post").status_code == 201


def test_writing_token_gives_no_right_that_the_role_lacks(researcher):
    _, secret = issue_token(user=researcher, name="n", scope="write", days=1)
    assert (call(secret).status_code, call(secret, "post").status_code) == (200, 403)


def test_undeclared_method_is_closed(writing):
    assert call(writing[1], "delete").status_code == 403


@pytest.mark.parametrize("secret", ["", "nonsense", "0" * 64, "two words", "\xff\xfe", "ñ" * 64])
def test_unknown_token(reading, secret):
    assert call(secret).status_code == 401


def test_right_key_with_wrong_rest(reading):
    assert call(reading[1][:15] + "0" * 49).status_code == 401


def test_the_digest_is_not_a_token(reading):
    assert call(reading[0].digest).status_code == 401


def test_refusals_look_alike(reading, doctor):
    unknown = call("0" * 64)
    User.objects.filter(pk=doctor.pk).update(is_active=False)
    closed = call(reading[1])
    assert (closed.status_code, closed.content) == (unknown.status_code, unknown.content)


def test_last_use_is_noted(reading):
    call(reading[1])
    assert ApiToken.objects.get().last_used_at is not None


def test_last_use_is_noted_once_a_minute(reading):
    call(reading[1])
    first = ApiToken.objects.get().last_used_at
    call(reading[1])
    assert ApiToken.objects.get().last_used_at == first
