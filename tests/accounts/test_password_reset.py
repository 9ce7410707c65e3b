import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.services import issue_token
from tests.accounts.helpers import NEW_PASSWORD, is_signed_in, link_in_last_mail, log_in

pytestmark = pytest.mark.django_db


def ask(client, email):
    return client.post(reverse("account_reset_password"), {"email": email})


def choose(client, password=NEW_PASSWORD):
    form = client.get(link_in_last_mail()).url
    return client.post(form, {"password1": password, "password2": password})


def test_mail_holds_a_link(anonymous, doctor):
    ask(anonymous, doctor.email)
    assert mail.outbox[0].to == [doctor.email]
    assert "/account/password/reset/key/" in mail.outbox[0].body


def test_new_password_signs_in(anonymous, doctor):
    ask(anonymous, doctor.email)
    choose(anonymous)
    log_in(anonymous, doctor.email, NEW_PASSWORD)
    assert anonymous.session["_auth_user_id"] == str(doctor.pk)


def test_link_works_once(anonymous, doctor):
    ask(anonymous, doctor.email)
    link = link_in_last_mail()
    choose(anonymous)
    assert Client().get(link).context["token_fail"]


def test_weak_password_is_refused(anonymous, doctor):
    ask(anonymous, doctor.email)
    assert choose(anonymous, "1234").status_code == 200
    assert not User.objects.get(pk=doctor.pk).check_password("1234")


def test_ends_the_sessions_of_others(anonymous, sign_in, doctor):
    thief = sign_in(doctor)
    assert is_signed_in(thief)
    ask(anonymous, doctor.email)
    choose(anonymous)
    assert not is_signed_in(thief)


def test_closed_account_gets_no_link(anonymous, doctor):
    User.objects.filter(pk=doctor.pk).update(is_active=False)
    ask(anonymous, doctor.email)
    assert mail.outbox == []


def test_replaces_a_one_time_password(anonymous, doctor):
    User.objects.filter(pk=doctor.pk).update(must_change_password=True)
    ask(anonymous, doctor.email)
    choose(anonymous)
    assert not User.objects.get(pk=doctor.pk).must_change_password


def test_ends_every_api_token(anonymous, doctor):
    _, secret = issue_token(user=doctor, name="n", scope="read", days=1)
    ask(anonymous, doctor.email)
    choose(anonymous)
    bearer = {"authorization": f"Bearer {secret}"}
    assert Client().get("/api/v1/targets/", headers=bearer).status_code == 401
