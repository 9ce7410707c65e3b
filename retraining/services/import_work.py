"""Taking in what `retraining.services.transfer.request_import` was offered.

Nothing of a file is believed: its archive, its checksums, its signature, whose key that is, the
weights themselves, the question it answers. Files and row appear together, or neither does.
"""

import logging
import secrets
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.audit import Deed, note
from core.jobs import OPEN_STATUSES, LeaseLost, oldest_held
from images.models import Target
from inference.artifact_store import copy_to_part, discard, identity_of, keep, kept_folder
from inference.ml.errors import ArtifactRefused
from inference.ml.manifest import Manifest
from inference.services.activation import refuse_misfit
from retraining import reasons
from retraining.models import ModelImport, ModelVersion, Origin, TrustedKey
from retraining.services.transfer import intake, ring_for_imports
from retraining.transfer import package, refusals
from retraining.transfer.facts import read_environment, read_evaluation
from retraining.transfer.package import Package
from retraining.transfer.refusals import PackageRefused
from retraining.transfer.signing import fingerprint, own_public_key

logger = logging.getLogger(__name__)

# What a killed worker left half unpacked.
ABANDONED: Final = timedelta(days=1)
LONGEST_NAME: Final = 60


def work_on_import() -> bool:
    """Look at the oldest offered file to the end; True while there is another one. Loads torch."""
    with oldest_held(ModelImport.objects.select_related("uploaded_by")) as held:
        if held is not None:
            _work(held.owner, held.row)
    return ModelImport.objects.awaits_worker()


def resume_imports() -> bool:
    """Ring for files whose bell or worker was lost, and bury those that killed three workers."""
    ModelImport.objects.bury_exhausted()
    return ModelImport.objects.awaits_worker() and ring_for_imports()


def throw_away_offered_files() -> int:
    """Files of jobs that have ended, and what killed workers left half unpacked; how many."""
    folder = intake("")
    if not folder.is_dir():
        return 0
    oldest = (timezone.now() - ABANDONED).timestamp()
    open_rows = ModelImport.objects.filter(status__in=OPEN_STATUSES)
    wanted = set(open_rows.values_list("upload", flat=True))
    old = [p for p in folder.iterdir() if p.name not in wanted and p.stat().st_mtime < oldest]
    for path in old:
        _remove(path)
    return len(old)


def _work(owner: str, offered: ModelImport) -> None:
    rows = ModelImport.objects.all()
    facts: dict[str, Any] = {}
    try:
        _take_in(owner, offered, facts)
    except LeaseLost:
        return
    except PackageRefused as refusal:
        rows.fail(owner, refusal.code, facts=facts | refusal.facts)
    except Exception as problem:
        # The type alone: an error's text may hold a path or a value.
        logger.warning("import stopped problem=%s", type(problem).__name__)
        rows.release(owner, reasons.code_of(problem))
    if not rows.filter(pk=offered.pk, status__in=OPEN_STATUSES).exists():
        _remove(intake(offered.upload))


def _take_in(owner: str, offered: ModelImport, facts: dict[str, Any]) -> None:
    part = intake(f".{secrets.token_hex(8)}.part")
    part.mkdir(parents=True, mode=0o700)
    try:
        with _opened(offered) as stream:
            found = package.unpack(stream, part)
        facts.update(_signer(found))
        if not (facts["is_trusted"] or offered.accepts_unknown):
            raise PackageRefused(refusals.UNKNOWN_KEY)
        manifest = _loaded(part)
        facts.update({"version": manifest.version, "target": manifest.target})
        _register(owner, offered, found, manifest, facts)
    finally:
        _remove(part)


def _opened(offered: ModelImport) -> Any:
    try:
        return intake(offered.upload).open("rb")
    except FileNotFoundError as problem:
        raise PackageRefused(refusals.NOT_A_PACKAGE) from problem


def _signer(found: Package) -> dict[str, Any]:
    """Who signed it, in words that a person can compare; "" as a name of nobody known."""
    public_key = found.signature.public_key
    key = TrustedKey.objects.filter(public_key=public_key).first()
    is_own = public_key == own_public_key()
    return {
        "fingerprint": fingerprint(public_key),
        "public_key": public_key,
        "signed_by": key.name if key else "",
        "is_own": is_own,
        "is_trusted": bool(key) or is_own,
    }


def _loaded(folder: Path) -> Manifest:
    """The manifest of an artifact that can be used here: loaded once, weights and all."""
    from inference.ml.artifact import load

    try:
        return load(folder).manifest
    except ArtifactRefused as problem:
        # Its words name hashes, shapes and codes, never a person.
        logger.warning("imported artifact refused: %s", problem)
        raise PackageRefused(refusals.NOT_LOADABLE) from problem


def _target_of(manifest: Manifest) -> Target:
    """Locked, for the number of the new version."""
    rows = Target.objects.select_for_update().filter(is_active=True)
    target: Target | None = rows.filter(code=manifest.target).first()
    if target is None:
        raise PackageRefused(refusals.NO_TARGET)
    try:
        refuse_misfit(target, manifest)
    except ArtifactRefused as problem:
        raise PackageRefused(refusals.OTHER_CLASSES) from problem
    return target


def _register(
    owner: str, offered: ModelImport, found: Package, manifest: Manifest, facts: dict[str, Any]
) -> None:
    """The artifact under its lasting name, its row, and the end of the job: all or nothing."""
    part = copy_to_part(found.folder)
    kept: list[str] = []
    try:
        with transaction.atomic():
            target = _target_of(manifest)
            sha256 = identity_of(part)
            version = ModelVersion.objects.filter(target=target, sha256=sha256).first()
            facts["was_here"] = version is not None
            if version is None:
                was_kept = _is_kept(target, manifest, sha256)
                name = keep(part, target=target.code, version=manifest.version)
                kept += [] if was_kept else [name]
                version = _row(offered, target, found, manifest, name, sha256)
            if not ModelImport.objects.finish(owner, version=version, facts=facts):
                raise LeaseLost
    except BaseException:
        for name in kept:
            discard(kept_folder(name))
        raise
    finally:
        discard(part)


def _is_kept(target: Target, manifest: Manifest, sha256: str) -> bool:
    """Whether a model in service, or that was, has these very files already."""
    ending = f"-{sha256[:12]}"
    folders = kept_folder("").glob(f"{target.code}-*{ending}")
    return any(folder.name.endswith(ending) for folder in folders)


def _row(
    offered: ModelImport,
    target: Target,
    found: Package,
    manifest: Manifest,
    artifact: str,
    sha256: str,
) -> ModelVersion:
    newest = ModelVersion.objects.filter(target=target).aggregate(last=Max("number"))["last"]
    evaluation = read_evaluation(found.evaluation, manifest)
    version = ModelVersion.objects.create(
        target=target, number=(newest or 0) + 1, origin=Origin.IMPORTED,
        # A name that no version that is trained here can ever get.
        version=f"{manifest.version[:LONGEST_NAME]}@{sha256[:8]}",
        made_by=offered.uploaded_by, architecture=_architecture(found, manifest),
        extractor=manifest.extractor, artifact=artifact, sha256=sha256,
        weights_sha256=manifest.weights_sha256, figures=evaluation.get("figures", {}),
        evaluation=evaluation, environment=read_environment(found.model),
    )  # fmt: skip
    note(
        actor=offered.uploaded_by, deed=Deed.ENTERED, subject="model-version",
        subject_id=version.pk, after={"version": version.version, "target": target.code},
    )  # fmt: skip
    return version


def _architecture(found: Package, manifest: Manifest) -> str:
    """As the registry of this installation calls it; else by its head."""
    from retraining.ml.architectures import ARCHITECTURES

    stated = found.model.get("architecture")
    known = ARCHITECTURES.get(stated) if isinstance(stated, str) else None
    return known.code if known and known.head == manifest.architecture else manifest.architecture


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
