"""The mail of local mode: only there, only on this computer, only as words and own links."""

import pytest
from django.core.mail import EmailMessage, get_connection
from django.urls import reverse

pytestmark = pytest.mark.django_db


@pytest.fixture
def send(settings):
    def keep(*messages):
        backend = "django.core.mail.backends.filebased.EmailBackend"
        get_connection(backend, file_path=str(settings.MAIL_DIR)).send_messages(messages)

    return keep


def message(subject="Confirm", body="words", to="nina@example.org"):
    return EmailMessage(subject, body, to=[to])


def mails(client):
    return client.get(reverse("local-mail")).context["mails"]


def text_of(client, mail):
    return client.get(reverse("local-mail-message", args=[mail.name])).content.decode()


def test_lists_what_was_kept(anonymous, send):
    send(message("Señal"))
    assert [(mail.subject, mail.recipients) for mail in mails(anonymous)] == [
        ("Señal", "nina@example.org")
    ]


def test_without_any_mail(anonymous):
    assert mails(anonymous) == []


def test_messages_of_one_file_are_told_apart(anonymous, send):
    send(message("first", "body of one"), message("second", "body of two"))
    second, first = mails(anonymous)
    assert (first.subject, second.subject) == ("first", "second")
    assert "body of one" in text_of(anonymous, first)


def test_link_to_this_platform_can_be_followed(anonymous, send):
    send(message(body="go to http://testserver/account/confirm-email/KEY:x_y/ now"))
    page = text_of(anonymous, mails(anonymous)[0])
    assert '<a href="http://testserver/account/confirm-email/KEY:x_y/">' in page


@pytest.mark.parametrize(
    "address",
    [
        "http://evil.example/",
        "http://testserver@evil.example/",
        "http://testserver.evil.example/",
        "javascript:alert(1)",
        "http://[testserver",
    ],
)
def test_other_links_stay_words(anonymous, send, address):
    send(message(body=f"go to {address}"))
    page = text_of(anonymous, mails(anonymous)[0])
    assert address in page
    assert f'href="{address}' not in page


def test_text_is_escaped(anonymous, send):
    send(message("<b>s</b>", '<script>alert(1)</script> http://testserver/"onclick=x'))
    page = text_of(anonymous, mails(anonymous)[0])
    assert "<script>alert" not in page
    assert "<b>s</b>" not in page
    assert 'onclick=x"' not in page


@pytest.mark.parametrize("name", ["unknown-0", "secret_key", "-"])
def test_unknown_message(anonymous, send, name):
    send(message())
    assert anonymous.get(reverse("local-mail-message", args=[name])).status_code == 404


@pytest.mark.parametrize(
    "meta",
    [
        {"REMOTE_ADDR": "192.0.2.1"},
        {"REMOTE_ADDR": ""},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "192.0.2.1"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": ""},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=192.0.2.1"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_PROTO": "https"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_VIA": "1.1 proxy"},
    ],
)
def test_nobody_else_sees_it(anonymous, send, meta):
    send(message())
    name = mails(anonymous)[0].name
    assert anonymous.get(reverse("local-mail"), **meta).status_code == 404
    assert anonymous.get(reverse("local-mail-message", args=[name]), **meta).status_code == 404


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.9", "::1"])
def test_this_computer_sees_it(anonymous, address):
    assert anonymous.get(reverse("local-mail"), REMOTE_ADDR=address).status_code == 200


def test_not_in_production(anonymous, settings):
    address = reverse("local-mail")
    settings.LOCAL_MODE = False
    assert anonymous.get(address).status_code == 404


def test_is_not_cached(anonymous):
    assert "no-store" in anonymous.get(reverse("local-mail"))["Cache-Control"]
