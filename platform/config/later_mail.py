"""Mail that goes out after the answer: nobody waits for the mail server.

Were it sent within the request, an address with an account would be answered later than one without
(a reset writes to the first alone), and a slow mail server would hold every thread of the web.
"""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend

logger = logging.getLogger(__name__)

SENDERS = 2


class LaterBackend(BaseEmailBackend):
    """Hands mail to a thread. An interpreter that ends waits for what is on its way."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        _senders().submit(_send, list(email_messages))
        return len(email_messages)


@cache
def _senders() -> ThreadPoolExecutor:
    # Made at the first mail: threads do not survive the fork of a preloaded web server.
    return ThreadPoolExecutor(SENDERS, thread_name_prefix="mail")


def _send(messages: list[EmailMessage]) -> None:
    try:
        SmtpBackend().send_messages(messages)
    except Exception as problem:  # in a thread nobody else would tell
        logger.warning("mail not sent count=%d reason=%s", len(messages), type(problem).__name__)
