"""Mail leaves after the answer, and its failure is one line of the log."""

import logging
import smtplib
import threading

import pytest
from django.core.mail import EmailMessage, get_connection

from config import later_mail
from config.locations import mail_settings

BACKEND = "config.later_mail.LaterBackend"
SECONDS = 10


@pytest.fixture
def message():
    return EmailMessage("subject", "body", "a@example.org", ["nina@example.org"])


@pytest.fixture
def delivered(monkeypatch):
    """Runs `deliver` in place of SMTP; the test waits for its end."""

    def through(deliver):
        done = threading.Event()

        def send_messages(self, messages):
            try:
                return deliver(messages)
            finally:
                done.set()

        monkeypatch.setattr(later_mail.SmtpBackend, "send_messages", send_messages)
        return done

    return through


def test_nobody_waits_for_the_mail_server(delivered, message):
    server_wakes, sent = threading.Event(), []

    def slow(messages):
        server_wakes.wait(SECONDS)
        sent.extend(messages)

    done = delivered(slow)
    assert get_connection(BACKEND).send_messages([message]) == 1
    assert sent == []
    server_wakes.set()
    assert done.wait(SECONDS)
    assert sent == [message]


@pytest.mark.parametrize("problem", [OSError("down"), smtplib.SMTPRecipientsRefused({"nina": 1})])
def test_failure_is_told_without_the_address(message, problem, monkeypatch, caplog):
    def refuse(self, messages):
        raise problem

    monkeypatch.setattr(later_mail.SmtpBackend, "send_messages", refuse)
    with caplog.at_level(logging.WARNING, logger="config.later_mail"):
        later_mail._send([message])
    assert f"reason={type(problem).__name__}" in caplog.text
    assert "nina" not in caplog.text


@pytest.mark.parametrize(
    ("url", "backend"),
    [
        ("smtp+tls://user:pw@mail.example.org:587", BACKEND),
        ("smtp://mail.example.org:25", BACKEND),
        ("consolemail://", "django.core.mail.backends.console.EmailBackend"),
    ],
)
def test_smtp_of_an_address_is_sent_later(url, backend):
    assert mail_settings(url)["EMAIL_BACKEND"] == backend
