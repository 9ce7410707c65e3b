"""Mail that the platform writes by itself: one message a person, each in that person's language."""

import logging
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation

from accounts.models import User

logger = logging.getLogger(__name__)


def mail_on_commit(
    *, people: Iterable[User], template: str, context: Mapping[str, Any], reply_to: str = ""
) -> None:
    """Write to each of `people` once the transaction holds; a failing mail server undoes nothing.

    `template` is a prefix: `<template>_subject.txt` and `<template>_message.txt`.
    """
    recipients = [(person.email, person.language) for person in people]
    mail_addresses_on_commit(
        recipients=recipients, template=template, context=context, reply_to=reply_to
    )


def mail_addresses_on_commit(
    *,
    recipients: list[tuple[str, str]],
    template: str,
    context: Mapping[str, Any],
    reply_to: str = "",
) -> None:
    """The same for addresses without an account, as pairs of address and language."""
    messages = [
        _message(address, language, template, context, reply_to) for address, language in recipients
    ]
    if messages:
        transaction.on_commit(partial(_send, messages, template))


def _message(
    address: str, language: str, template: str, context: Mapping[str, Any], reply_to: str
) -> EmailMessage:
    values = {"platform_url": settings.PUBLIC_URL, **context}
    with translation.override(language):
        subject = " ".join(render_to_string(f"{template}_subject.txt", values).split())
        body = render_to_string(f"{template}_message.txt", values).strip() + "\n"
    return EmailMessage(
        subject=settings.ACCOUNT_EMAIL_SUBJECT_PREFIX + subject,
        body=body,
        to=[address],
        reply_to=[reply_to] if reply_to else None,
    )


def _send(messages: list[EmailMessage], template: str) -> None:
    try:
        get_connection().send_messages(messages)
    except OSError as problem:  # smtplib's errors are OSErrors too
        logger.warning(
            "mail not sent template=%s count=%d reason=%s",
            template,
            len(messages),
            type(problem).__name__,
        )
