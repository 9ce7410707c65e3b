import pytest
from django.core import mail
from django.db import transaction

from accounts.mail import mail_on_commit

pytestmark = pytest.mark.django_db


def write(people, person):
    mail_on_commit(people=people, template="accounts/email/approved", context={"person": person})


def test_one_message_a_person(doctor, health_worker, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        write([doctor, health_worker], doctor)
    assert [message.to for message in mail.outbox] == [[doctor.email], [health_worker.email]]


def test_link_leads_to_the_platform(doctor, settings, django_capture_on_commit_callbacks):
    settings.PUBLIC_URL = "https://xr.example.org"
    with django_capture_on_commit_callbacks(execute=True):
        write([doctor], doctor)
    assert "https://xr.example.org/account/login/" in mail.outbox[0].body


def test_names_are_not_escaped_in_plain_text(doctor, django_capture_on_commit_callbacks):
    doctor.site.name = "Hospital O'Higgins & Hijos"
    with django_capture_on_commit_callbacks(execute=True):
        write([doctor], doctor)
    assert "Hospital O'Higgins & Hijos" in mail.outbox[0].body


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_when_the_transaction_fails(doctor):
    with transaction.atomic():
        write([doctor], doctor)
        transaction.set_rollback(True)
    assert mail.outbox == []


def test_a_failing_server_raises_nothing(
    doctor, settings, caplog, django_capture_on_commit_callbacks
):
    settings.EMAIL_BACKEND = "tests.accounts.broken_mail.Backend"
    with django_capture_on_commit_callbacks(execute=True):
        write([doctor], doctor)
    assert "ConnectionRefusedError" in caplog.text
    assert doctor.email not in caplog.text
