"""Small steps that several flows of the accounts share."""

import base64
import hashlib
import hmac
import re
import struct
import time

from django.core import mail
from django.test import Client
from django.urls import reverse

from tests.factories import PASSWORD

NEW_PASSWORD = "another-staple-entirely"
ENGLISH = {"accept-language": "en"}


def signup_data(site, **changes):
    return {
        "email": "nina@example.org",
        "full_name": "Nina Nueva",
        "institution": str(site.pk) if site else "other",
        "institution_name": "",
        "requested_role": "doctor",
        "password1": PASSWORD,
        "password2": PASSWORD,
    } | changes


def sign_up(client, site, **changes):
    return client.post(reverse("account_signup"), signup_data(site, **changes))


def log_in(client, email, password=PASSWORD):
    return client.post(reverse("account_login"), {"login": email, "password": password})


def reauthenticate(client, password=PASSWORD):
    return client.post(reverse("account_reauthenticate"), {"password": password})


def signed_in_by_password(user, password=PASSWORD):
    client = Client()
    log_in(client, user.email, password)
    return client


def link_in_last_mail():
    return path_in(mail.outbox[-1])


def path_in(message):
    return re.search(r"http://testserver(/\S+)", message.body).group(1)


def confirm_last_mail(client):
    return client.post(link_in_last_mail())


def totp_code(secret, at=None):
    """RFC 6238 with SHA-1, 30 s and 6 digits, written out so that the test shares no code."""
    counter = struct.pack(">Q", int((at or time.time()) // 30))
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    start = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**6:06d}"


def is_signed_in(client):
    return client.get(reverse("accounts:profile")).status_code == 200
