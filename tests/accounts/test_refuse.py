import pytest
from django.core import mail
from django.urls import reverse

from accounts.models import User

pytestmark = pytest.mark.django_db


def refuse(client, person):
    return client.post(reverse("accounts:refuse", args=[person.pk]))


def test_closes_the_account(sign_in, administrator, pending):
    refuse(sign_in(administrator), pending)
    person = User.objects.get(pk=pending.pk)
    assert (person.is_active, person.role) == (False, "")


def test_ends_the_session(sign_in, administrator, pending):
    waiting = sign_in(pending)
    waiting.get(reverse("accounts:pending"))
    refuse(sign_in(administrator), pending)
    assert waiting.get(reverse("accounts:pending")).url.startswith(reverse("account_login"))


def test_person_gets_a_mail(sign_in, administrator, pending, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        refuse(sign_in(administrator), pending)
    assert [message.to for message in mail.outbox] == [[pending.email]]


def test_only_who_waits(sign_in, administrator, doctor):
    assert refuse(sign_in(administrator), doctor).status_code == 400
    assert User.objects.get(pk=doctor.pk).is_active


def test_twice_is_once(sign_in, administrator, pending):
    client = sign_in(administrator)
    refuse(client, pending)
    assert refuse(client, pending).status_code == 400
