"""Keyed hashes and seals, one key for each institution and purpose.

All hang on settings.IDENTITY_KEY, which is kept outside the database: a copy of the database alone
can neither be searched for a known identifier nor opened.
"""

import hashlib
import hmac
import os
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE_BYTES: Final = 12


class Unsealable(Exception):
    """What was sealed under another key, or damaged, cannot be opened."""


def site_key(site: UUID, purpose: str) -> bytes:
    """32 bytes: HMAC-SHA-256 of purpose and institution under IDENTITY_KEY."""
    message = f"covid-xr/{purpose}/{site.hex}".encode()
    return hmac.digest(settings.IDENTITY_KEY.encode(), message, hashlib.sha256)


def keyed_hash(site: UUID, purpose: str, text: str) -> str:
    """64 hex digits that nobody without the key can compute or turn back."""
    return hmac.digest(site_key(site, purpose), text.encode(), hashlib.sha256).hex()


def sealed(site: UUID, purpose: str, content: bytes) -> bytes:
    """``content`` encrypted and authenticated (AES-256-GCM, random nonce in front)."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(site_key(site, purpose)).encrypt(nonce, content, purpose.encode())


def unsealed(site: UUID, purpose: str, box: bytes) -> bytes:
    """What `sealed` was given. Raises Unsealable."""
    nonce, body = bytes(box[:NONCE_BYTES]), bytes(box[NONCE_BYTES:])
    try:
        return AESGCM(site_key(site, purpose)).decrypt(nonce, body, purpose.encode())
    except (InvalidTag, ValueError):
        raise Unsealable from None
