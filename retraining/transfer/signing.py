"""The key of this installation, and signatures of others (Ed25519, RFC 8032).

The private key lies in the data folder (mode 0600), made at first use; it never leaves it. The
public key is what administrators of other installations add to their trusted keys.
"""

import hashlib
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

KEY_FILE: Final = "model-signing-key"
ALGORITHM: Final = "Ed25519"
KEY_LENGTH: Final = 32
SIGNATURE_LENGTH: Final = 64
# So that a signature of a package can never be passed off as one of anything else.
_PURPOSE: Final = b"covid-xr model package 1\n"


class BadSignature(Exception):
    """The signature is malformed, or not of this content by this key."""


@dataclass(frozen=True)
class Signature:
    """Public key and signature as lower-case hexadecimal digits."""

    public_key: str
    signature: str

    def to_dict(self) -> dict[str, str]:
        return {
            "algorithm": ALGORITHM, "public_key": self.public_key, "signature": self.signature,
        }  # fmt: skip

    @staticmethod
    def from_dict(content: Any) -> "Signature":
        """Raises BadSignature for anything but what `to_dict` writes."""
        names = {"algorithm", "public_key", "signature"}
        if not isinstance(content, dict) or content.keys() != names:
            raise BadSignature
        if content["algorithm"] != ALGORITHM:
            raise BadSignature
        public_key, signature = content["public_key"], content["signature"]
        if not (is_hex(public_key, KEY_LENGTH) and is_hex(signature, SIGNATURE_LENGTH)):
            raise BadSignature
        return Signature(public_key, signature)


def sign(content: bytes) -> Signature:
    """Signed by this installation. Raises OSError when its key cannot be read or made."""
    key = _private_key()
    return Signature(_public(key), key.sign(_PURPOSE + content).hex())


def verify(content: bytes, signature: Signature) -> None:
    """Raises BadSignature unless the key signed exactly this content."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signature.public_key))
        key.verify(bytes.fromhex(signature.signature), _PURPOSE + content)
    except (InvalidSignature, ValueError) as problem:
        raise BadSignature from problem


def own_public_key() -> str:
    """64 hexadecimal digits. Raises OSError as `sign`."""
    return _public(_private_key())


def fingerprint(public_key: str) -> str:
    """Eight groups of four digits of the key's SHA-256: short enough to compare by telephone."""
    digits = hashlib.sha256(bytes.fromhex(public_key)).hexdigest()[:32]
    return " ".join(digits[start : start + 4] for start in range(0, 32, 4))


def is_hex(value: object, length: int) -> bool:
    """Whether it is a text of so many bytes in lower-case hexadecimal digits."""
    digits = set("0123456789abcdef")
    return isinstance(value, str) and len(value) == 2 * length and set(value) <= digits


def _private_key() -> Ed25519PrivateKey:
    path = Path(settings.DATA_DIR) / KEY_FILE
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        content = _made(path)
    if len(content) != KEY_LENGTH:
        raise OSError(f"{KEY_FILE} is damaged")
    return Ed25519PrivateKey.from_private_bytes(content)


def _made(path: Path) -> bytes:
    """A link appears whole or not at all; of two processes that make a key, one wins for both."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".key-")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(Ed25519PrivateKey.generate().private_bytes_raw())
            stream.flush()
            os.fsync(stream.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(name)
    finally:
        Path(name).unlink(missing_ok=True)
    return path.read_bytes()


def _public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()
