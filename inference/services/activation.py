"""Putting a model in service: verify, copy, one more row. Nothing is ever overwritten."""

from pathlib import Path

from django.conf import settings
from django.db import transaction

from accounts.models import User
from images.models import Target
from inference.artifact_store import (
    copy_to_part,
    discard,
    identity_of,
    keep,
    kept_folder,
    read_manifest,
)
from inference.ml.errors import ArtifactRefused
from inference.ml.manifest import Manifest
from inference.models import DeployedModel

BASELINE_REASON = "baseline"
LONGEST_VERSION = 80


def activate(*, target: Target, artifact_dir: Path, by: User | None, reason: str) -> DeployedModel:
    """Put an artifact in service for `target`; a rollback activates an old one again.

    `by` is None for the model that ships with the platform. Raises ArtifactRefused when the files
    are damaged, of an unknown format, or trained for other classes than the target has; OSError
    when the disk refuses. Loads torch: for workers and commands, not for a web process.
    """
    from inference.ml.artifact import load

    part = copy_to_part(artifact_dir)
    try:
        manifest = load(part).manifest
        refuse_misfit(target, manifest)
        name = keep(part, target=target.code, version=manifest.version)
    finally:
        discard(part)
    return _record(target, manifest, name, identity_of(kept_folder(name)), by, reason)


@transaction.atomic
def install_baseline() -> DeployedModel | None:
    """Put the model that ships with the platform in service, where nobody chose another.

    Does nothing (None) when it serves already, or when a person activated a model. Raises
    ArtifactRefused as `activate` does.
    """
    folder = Path(settings.BASELINE_DIR)
    target = Target.objects.get(code=read_manifest(folder).target)
    live = DeployedModel.objects.live(target)
    if live is not None and not _may_replace(live, identity_of(folder)):
        return None
    return activate(target=target, artifact_dir=folder, by=None, reason=BASELINE_REASON)


def refuse_misfit(target: Target, manifest: Manifest) -> None:
    """Raises ArtifactRefused unless the model answers the question that `target` puts."""
    wanted = {row.code: row.is_positive for row in target.classes.all()}
    if manifest.target != target.code:
        raise ArtifactRefused(f"trained for {manifest.target!r}, not for {target.code!r}")
    if set(manifest.classes) != wanted.keys() or not wanted[manifest.positive]:
        raise ArtifactRefused(f"its classes are not those of {target.code!r}")
    if len(manifest.version) > LONGEST_VERSION:
        raise ArtifactRefused(f"its version is longer than {LONGEST_VERSION} characters")


def _may_replace(live: DeployedModel, shipped: str) -> bool:
    return live.activated_by_id is None and live.sha256 != shipped


def _record(
    target: Target, manifest: Manifest, name: str, sha256: str, by: User | None, reason: str
) -> DeployedModel:
    return DeployedModel.objects.create(
        target=target,
        version=manifest.version,
        architecture=manifest.architecture,
        extractor=manifest.extractor,
        preprocessing=manifest.preprocessing_version,
        artifact=name,
        sha256=sha256,
        threshold=manifest.threshold,
        metrics=dict(manifest.metrics),
        limits=[dict(limit) for limit in manifest.limits],
        activated_by=by,
        reason=reason,
    )
