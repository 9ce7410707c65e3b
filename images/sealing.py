"""Files sealed chunk by chunk, so that one of any size is sealed and opened in little memory.

Layout: MAGIC, 32 random bytes, then chunks of 1 MiB, each with a tag of 16 bytes (AES-256-GCM).
The file's own key is an HMAC of those random bytes under the institution's key, so that a nonce
(chunk number, and 1 for the last chunk) is never used twice under one key. Chunks that are swapped,
repeated, or missing at the end do not open: the STREAM construction of Hoang, Reyhanitabar, Rogaway
and Vizar, "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance" (2015).
"""

import hashlib
import hmac
import os
from collections.abc import Iterator
from typing import BinaryIO, Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from images.keys import Unsealable, site_key

MAGIC: Final = b"COVIDXR1"
SALT_BYTES: Final = 32
CHUNK_BYTES: Final = 1024 * 1024
TAG_BYTES: Final = 16


def sealed_chunks(site: UUID, purpose: str, source: BinaryIO) -> Iterator[bytes]:
    """The sealed form of what is left of ``source``, piece by piece."""
    salt = os.urandom(SALT_BYTES)
    cipher = _cipher(site, purpose, salt)
    yield MAGIC + salt
    for number, (chunk, is_last) in enumerate(_chunks(source, CHUNK_BYTES)):
        yield cipher.encrypt(_nonce(number, is_last), chunk, MAGIC)


def unsealed_chunks(site: UUID, purpose: str, source: BinaryIO) -> Iterator[bytes]:
    """What `sealed_chunks` was given. Raises Unsealable at the first chunk that does not open;
    the chunks before it are genuine, but not the whole file."""
    if source.read(len(MAGIC)) != MAGIC:
        raise Unsealable
    cipher = _cipher(site, purpose, source.read(SALT_BYTES))
    for number, (chunk, is_last) in enumerate(_chunks(source, CHUNK_BYTES + TAG_BYTES)):
        try:
            yield cipher.decrypt(_nonce(number, is_last), chunk, MAGIC)
        except (InvalidTag, ValueError):
            raise Unsealable from None


def _cipher(site: UUID, purpose: str, salt: bytes) -> AESGCM:
    return AESGCM(hmac.digest(site_key(site, purpose), salt, hashlib.sha256))


def _nonce(number: int, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def _chunks(source: BinaryIO, size: int) -> Iterator[tuple[bytes, bool]]:
    """Chunks of ``size`` bytes, the last one shorter or, of an empty source, empty."""
    chunk = _read(source, size)
    while True:
        following = _read(source, size)
        yield chunk, not following
        if not following:
            return
        chunk = following


def _read(source: BinaryIO, size: int) -> bytes:
    """Exactly ``size`` bytes unless the source ends: a read may return fewer."""
    parts = bytearray()
    while len(parts) < size and (part := source.read(size - len(parts))):
        parts += part
    return bytes(parts)
