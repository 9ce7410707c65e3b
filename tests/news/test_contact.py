import pytest
from django.core import mail
from django.urls import reverse

from news.models import ContactMessage
from tests.accounts.helpers import ENGLISH

pytestmark = pytest.mark.django_db

DATA = {
    "name": "Vera Visitor",
    "email": "vera@example.org",
    "subject": "A question",
    "body": "How does my hospital take part?",
    "website": "",
}


def write(client, **changes):
    return client.post(reverse("news:contact"), DATA | changes, headers=ENGLISH)


def test_is_stored(anonymous):
    write(anonymous)
    message = ContactMessage.objects.get()
    assert (message.email, message.subject, message.sender) == (
        "vera@example.org",
        "A question",
        None,
    )


def test_sender_is_known_when_signed_in(sign_in, doctor):
    write(sign_in(doctor))
    assert ContactMessage.objects.get().sender == doctor


def test_form_knows_who_is_signed_in(sign_in, doctor):
    form = sign_in(doctor).get(reverse("news:contact")).context["form"]
    assert (form["name"].value(), form["email"].value()) == (doctor.full_name, doctor.email)


def test_is_mailed_to_the_administrators_of_the_platform(
    anonymous, administrator, site_administrator, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        write(anonymous)
    assert [message.to for message in mail.outbox] == [[administrator.email]]
    assert mail.outbox[0].reply_to == ["vera@example.org"]
    assert "How does my hospital take part?" in mail.outbox[0].body


def test_is_mailed_to_the_platform_while_nobody_administers_it(
    anonymous, settings, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        write(anonymous)
    assert mail.outbox[0].to == [settings.DEFAULT_FROM_EMAIL]


def test_a_failing_mail_server_loses_nothing(
    anonymous, administrator, settings, django_capture_on_commit_callbacks
):
    settings.EMAIL_BACKEND = "tests.accounts.broken_mail.Backend"
    with django_capture_on_commit_callbacks(execute=True):
        assert write(anonymous).status_code == 302
    assert ContactMessage.objects.count() == 1


def test_subject_cannot_add_a_header(anonymous, administrator, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        write(anonymous, subject="Hello\r\nBcc: victim@example.org")
    assert "\n" not in mail.outbox[0].subject
    assert mail.outbox[0].recipients() == [administrator.email]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"email": ""},
        {"email": "not an address"},
        {"subject": ""},
        {"body": ""},
        {"body": "x" * 5001},
        {"subject": "s" * 161},
    ],
)
def test_refuses(anonymous, changes):
    assert write(anonymous, **changes).status_code == 400
    assert not ContactMessage.objects.exists()


def test_keeps_what_was_typed(anonymous):
    assert "How does my hospital" in write(anonymous, email="").content.decode()


def test_a_machine_is_thanked_and_forgotten(anonymous):
    person = write(anonymous)
    ContactMessage.objects.all().delete()
    machine = write(anonymous, website="https://spam.example")
    assert (machine.status_code, machine.url) == (person.status_code, person.url)
    assert not ContactMessage.objects.exists()


def test_sixth_message_in_an_hour_waits(anonymous):
    statuses = [write(anonymous).status_code for _ in range(6)]
    assert statuses == [302] * 5 + [429]
    assert ContactMessage.objects.count() == 5


def test_what_was_typed_is_kept_when_it_must_wait(anonymous):
    for _ in range(5):
        write(anonymous)
    assert "How does my hospital" in write(anonymous).content.decode()


def test_a_refused_form_does_not_count(anonymous):
    for _ in range(6):
        write(anonymous, email="")
    assert write(anonymous).status_code == 302


def test_people_behind_one_address_do_not_share_the_limit(sign_in, doctor, health_worker):
    for _ in range(5):
        write(sign_in(doctor))
    assert write(sign_in(doctor)).status_code == 429
    assert write(sign_in(health_worker)).status_code == 302
