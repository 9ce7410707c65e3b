"""Packages as another installation would write them, and as somebody would forge them."""

import hashlib
import io
import json
import shutil
import zipfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from inference.artifact_store import kept_folder
from retraining.models import ModelVersion
from retraining.transfer import package, signing

STRANGER = Ed25519PrivateKey.from_private_bytes(b"7" * 32)
STRANGER_PUBLIC = STRANGER.public_key().public_bytes_raw().hex()


def as_stranger(monkeypatch) -> None:
    """What is signed from now on is signed by another installation."""
    monkeypatch.setattr(package, "sign", stranger_signs)


def stranger_signs(content: bytes) -> signing.Signature:
    signed = STRANGER.sign(signing._PURPOSE + content)
    return signing.Signature(STRANGER_PUBLIC, signed.hex())


def contents(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        return {name: file.read(name) for name in file.namelist()}


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def signed_again(files: dict[str, bytes]) -> bytes:
    """Sums and signature of a stranger over altered files: only their content is left to refuse."""
    own = {n: c for n, c in files.items() if n not in (package.SUMS, package.SIGNATURE)}
    sums = "".join(f"{hashlib.sha256(c).hexdigest()}  {n}\n" for n, c in sorted(own.items()))
    signature = json.dumps(stranger_signs(sums.encode()).to_dict()).encode()
    return zipped({**own, package.SUMS: sums.encode(), package.SIGNATURE: signature})


def forget(version: ModelVersion) -> None:
    """As if it had never been here: the other installation's registry is not ours."""
    shutil.rmtree(kept_folder(version.artifact))
    version.delete()


def offered_files() -> list[Path]:
    folder = Path(settings.MODELS_INTAKE_DIR)
    return sorted(folder.iterdir()) if folder.is_dir() else []
