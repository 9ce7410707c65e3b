import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.accounts.helpers import confirm_last_mail, log_in, path_in, reauthenticate
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

NEW = "new-address@example.org"


@pytest.fixture
def client_of_doctor(sign_in, doctor):
    client = sign_in(doctor)
    reauthenticate(client)
    return client


def ask(client, email=NEW):
    return client.post(reverse("account_email"), {"email": email, "action_add": ""})


def test_asks_for_the_password_first(sign_in, doctor):
    assert ask(sign_in(doctor)).url.startswith(reverse("account_reauthenticate"))


def test_new_address_gets_the_link(client_of_doctor):
    ask(client_of_doctor)
    assert mail.outbox[-1].to == [NEW]


def test_counts_only_after_it_is_proven(client_of_doctor, doctor):
    ask(client_of_doctor)
    assert User.objects.get(pk=doctor.pk).email == doctor.email
    log_in(stranger := Client(), NEW)
    assert "_auth_user_id" not in stranger.session


def test_proven_address_replaces_the_old_one(client_of_doctor, doctor):
    ask(client_of_doctor)
    confirm_last_mail(client_of_doctor)
    assert User.objects.get(pk=doctor.pk).email == NEW
    log_in(old := Client(), doctor.email)
    log_in(new := Client(), NEW)
    assert ("_auth_user_id" in old.session, "_auth_user_id" in new.session) == (False, True)


def test_old_address_is_told(client_of_doctor, doctor):
    ask(client_of_doctor)
    confirm_last_mail(client_of_doctor)
    assert [doctor.email] in [message.to for message in mail.outbox]


def test_address_that_somebody_took_meanwhile(client_of_doctor, doctor):
    """A sign-up reached for it too: nobody's account breaks, the old address stays."""
    ask(client_of_doctor)
    link = path_in(mail.outbox[-1])
    UserFactory(email=NEW, verified=False)
    assert client_of_doctor.post(link).status_code < 500
    assert User.objects.get(pk=doctor.pk).email == doctor.email


def test_no_second_request_for_approval(client_of_doctor, administrator, doctor):
    ask(client_of_doctor)
    confirm_last_mail(client_of_doctor)
    assert [administrator.email] not in [message.to for message in mail.outbox]
