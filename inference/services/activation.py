"""Putting a model in service: verify, copy, one more row. Nothing is ever overwritten."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.audit import Deed, note
from accounts.models import User
from images.models import Target
from inference import worker
from inference.artifact_store import (
    copy_to_part,
    discard,
    identity_of,
    keep,
    read_manifest,
)
from inference.ml.errors import ArtifactRefused, WeightsRefused, WeightsUnavailable
from inference.ml.extractor import EXTRACTORS, VGG16_BLOCK5
from inference.ml.manifest import Manifest
from inference.models import DeployedModel
from inference.services.repredict import request_reprediction

BASELINE_REASON = "baseline"
LONGEST_VERSION = 80


def activate(
    *, target: Target, artifact_dir: Path, by: User | None, reason: str, repredict: bool = False
) -> DeployedModel:
    """Put an artifact in service for `target`; a rollback activates an old one again.

    `by` is None for the model that ships with the platform. With `repredict` it answers again for
    the radiographs that are kept. Raises ArtifactRefused when the files are damaged, of an unknown
    format, or trained for other classes than the target has; OSError when the disk refuses. Loads
    torch: for workers and commands, not for a web process.
    """
    model = prepared(target=target, artifact_dir=artifact_dir, by=by, reason=reason)
    put_in_service(model, repredict=repredict)
    return model


def prepared(*, target: Target, artifact_dir: Path, by: User | None, reason: str) -> DeployedModel:
    """A row, not saved, for a verified copy of an artifact that is kept: for `put_in_service`.

    It reads all weights, half a gigabyte of a whole network: before a transaction, not within one.
    Raises as `activate` does.
    """
    with verified(target=target, artifact_dir=artifact_dir) as model:
        model.activated_by, model.reason = by, reason
    return model


@transaction.atomic
def put_in_service(model: DeployedModel, *, repredict: bool = False) -> None:
    """Let a prepared model answer from the next micro-batch on."""
    _note(model, DeployedModel.objects.live(model.target))
    model.save()
    _end_shadows_of(model)
    if repredict:
        request_reprediction(model=model, by=model.activated_by)


@contextmanager
def verified(*, target: Target, artifact_dir: Path) -> Iterator[DeployedModel]:
    """A row, not saved, for a verified copy of an artifact; its files are kept once the block ends.

    What the block raises leaves nothing behind. Raises itself as `activate` does.
    """
    from inference.ml.artifact import load

    part = copy_to_part(artifact_dir)
    try:
        manifest = load(part).manifest
        refuse_misfit(target, manifest)
        refuse_unreadable(manifest, part)
        row = _row_of(target, manifest, identity_of(part))
        yield row
        row.artifact = keep(part, target=target.code, version=manifest.version)
    finally:
        discard(part)


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


def refuse_unreadable(manifest: Manifest, folder: Path) -> None:
    """Raises ArtifactRefused unless this machine has the shared extractor that the model reads.

    VGG16 is asked for by every start; a network that the model brought was looked at already.
    """
    spec = EXTRACTORS[manifest.extractor]
    if spec.travels or spec.code == VGG16_BLOCK5.code:
        return
    try:
        worker.refuse_other_weights(worker.extractor_named(spec.code).spec, folder)
    except (WeightsRefused, WeightsUnavailable) as problem:
        raise ArtifactRefused(f"the weights of {spec.code} are not here: {problem}") from problem


def _may_replace(live: DeployedModel, shipped: str) -> bool:
    return live.activated_by_id is None and live.sha256 != shipped


def _row_of(target: Target, manifest: Manifest, sha256: str) -> DeployedModel:
    return DeployedModel(
        target=target,
        version=manifest.version,
        architecture=manifest.architecture,
        extractor=manifest.served_extractor,
        preprocessing=manifest.preprocessing_version,
        sha256=sha256,
        threshold=manifest.threshold,
        metrics=dict(manifest.metrics),
        limits=[dict(limit) for limit in manifest.limits],
    )


def _note(model: DeployedModel, before: DeployedModel | None) -> None:
    """It belongs to no institution: the whole platform is served by it."""
    note(
        actor=model.activated_by, deed=Deed.CHANGED, subject="model", subject_id=model.pk,
        before={"version": before.version} if before else {},
        after={"version": model.version, "target": model.target.code},
    )  # fmt: skip


def _end_shadows_of(live: DeployedModel) -> None:
    """A candidate that now serves itself has nothing to compare."""
    shadows = DeployedModel.objects.shadows().filter(sha256=live.sha256, target=live.target)
    shadows.update(ended_at=timezone.now())
