"""Models out of this installation and into it: signed out, asked in, and whom to trust.

    request_import --> queued --> running --> done: a version of the registry
                                     '------> failed: the code of what is wrong with the file

Taking in is a job (`retraining.services.import_work`), for it loads the weights. What was taken in
serves nobody: it passes the same gate as a model that was trained here.
"""

import hashlib
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from accounts.audit import Deed, note
from accounts.models import User
from accounts.roles import Capability
from core.files import written_whole
from core.tasks import ring
from images.errors import StorageFull
from images.storage import NO_ROOM
from inference.artifact_store import (
    BACKBONE,
    MANIFEST,
    WEIGHTS,
    identity_of,
    kept_folder,
    read_manifest,
)
from inference.ml.errors import ArtifactRefused
from retraining.models import ModelImport, ModelVersion, TrustedKey
from retraining.transfer import package
from retraining.transfer.facts import evaluation_facts, model_facts
from retraining.transfer.signing import fingerprint, own_public_key

# So much of a package waits in memory; the rest in a temporary file.
_IN_MEMORY = 32 * 1024 * 1024


class KeyKnown(Exception):
    """This key, or another of this name, is trusted already; or it is the key of this place."""


@dataclass(frozen=True)
class Export:
    """A package to send: `content` is read from its beginning, and closed by who sends it."""

    content: BinaryIO
    name: str


def export_version(*, version: ModelVersion, by: User) -> Export:
    """A package of `version`, signed by this installation. Loads no torch.

    Raises PermissionDenied, ArtifactRefused when its files are not those of the registry, OSError.
    """
    _refuse_others(by)
    files: dict[str, bytes | Path] = dict(_verified_files(version))
    files[package.MODEL] = package.as_json(model_facts(version))
    files[package.EVALUATION] = package.as_json(evaluation_facts(version))
    files[package.CARD] = package.as_json(_card(version))
    out = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  (who sends it closes it)
    try:
        package.write(out, files)  # type: ignore[arg-type]
        out.seek(0)
        note(
            actor=by, deed=Deed.EXPORTED, subject="model-version", subject_id=version.pk,
            after={"version": version.version, "target": version.target.code},
        )  # fmt: skip
    except BaseException:
        out.close()
        raise
    name = f"{version.target.code}-{version.number}-{version.sha256[:8]}.covidxr.zip"
    return Export(out, name)  # type: ignore[arg-type]


def request_import(*, upload: BinaryIO, by: User, accepts_unknown: bool = False) -> ModelImport:
    """Let a worker look at a file that a person offers as a model.

    `accepts_unknown`: the person's word that a sound signature of a key that is not trusted here
    is enough. Raises PermissionDenied, StorageFull, OSError.
    """
    _refuse_others(by)
    name = f"{secrets.token_hex(16)}.zip"
    _store(upload, intake(name))
    try:
        with transaction.atomic():
            row = ModelImport.objects.create(
                upload=name, uploaded_by=by, accepts_unknown=accepts_unknown
            )
            note(
                actor=by, deed=Deed.ENTERED, subject="model-import", subject_id=row.pk,
                after={"accepts_unknown": accepts_unknown},
            )  # fmt: skip
            transaction.on_commit(ring_for_imports)
    except BaseException:
        intake(name).unlink(missing_ok=True)
        raise
    return row


@transaction.atomic
def trust_key(*, name: str, public_key: str, by: User) -> TrustedKey:
    """From now on packages that this key signed are taken in. Raises PermissionDenied, KeyKnown."""
    _refuse_others(by)
    if public_key == own_public_key():
        raise KeyKnown
    try:
        with transaction.atomic():
            key = TrustedKey.objects.create(name=name, public_key=public_key, added_by=by)
    except IntegrityError as problem:
        raise KeyKnown from problem
    note(
        actor=by, deed=Deed.ENTERED, subject="trusted-key", subject_id=key.pk,
        after=_told(key),
    )  # fmt: skip
    return key


@transaction.atomic
def distrust_key(*, key: TrustedKey, by: User) -> None:
    """What it signed is not taken in any more; models that are here stay. PermissionDenied."""
    _refuse_others(by)
    note(
        actor=by, deed=Deed.REMOVED, subject="trusted-key", subject_id=key.pk,
        before=_told(key),
    )  # fmt: skip
    key.delete()


def intake(name: str) -> Path:
    """Where offered files wait; their names are random."""
    return Path(settings.MODELS_INTAKE_DIR) / name


def ring_for_imports() -> bool:
    from retraining.tasks import import_waiting

    return ring(import_waiting)


def _refuse_others(by: User) -> None:
    if not by.can(Capability.MANAGE_MODELS):
        raise PermissionDenied


def _store(upload: BinaryIO, path: Path) -> None:
    try:
        with written_whole(path) as out:
            shutil.copyfileobj(upload, out, package.MEGABYTE)
    except OSError as problem:
        if problem.errno not in NO_ROOM:
            raise
        raise StorageFull from problem


def _told(key: TrustedKey) -> dict[str, str]:
    return {"name": key.name, "fingerprint": fingerprint(key.public_key)}


def _card(version: ModelVersion) -> Mapping[str, Any]:
    from retraining.cards.facts import card_of

    return card_of(version)


def _verified_files(version: ModelVersion) -> dict[str, Path]:
    """The artifact's files: never is something signed that is not what the registry names."""
    folder = kept_folder(version.artifact)
    if identity_of(folder) != version.sha256:
        raise ArtifactRefused("its files are not those of the registry")
    manifest = read_manifest(folder)
    hashes = {WEIGHTS: manifest.weights_sha256}
    if manifest.backbone_sha256:
        hashes[BACKBONE] = manifest.backbone_sha256
    for name, sha256 in hashes.items():
        if _sha256(folder / name) != sha256:
            raise ArtifactRefused(f"{name} is not the one that the manifest names")
    return {name: folder / name for name in (MANIFEST, *hashes)}


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError as problem:
        raise ArtifactRefused(f"the artifact has no {path.name}") from problem
