"""The last stage: the artifact, its row in the registry and the end of the run, all or nothing."""

import resource
import secrets
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from django.db import transaction
from django.db.models import Max

from core.errors import PermanentError
from core.jobs import LeaseLost
from core.tasks import ring
from images.models import Target
from inference.artifact_store import discard, identity_of, keep, kept_folder
from inference.ml import artifact
from inference.ml.manifest import Manifest
from retraining import failures
from retraining.environment import environment
from retraining.models import (
    DatasetSnapshot,
    ModelVersion,
    ShortcutAudit,
    Stage,
    TrainingRun,
)
from retraining.pipeline.attempt import Attempt
from retraining.pipeline.made import Classes, Made
from retraining.pipeline.training import folder_of
from retraining.services.snapshots import what_changed

# What a manifest repeats of the evaluation: enough for whoever has the files alone.
IN_MANIFEST: Final = ("n", "positives", "patients", "figures", "confusion", "conformal")


class CasesWithdrawn(PermanentError):
    """Cases that the model learned from may no longer train."""

    code = failures.WITHDRAWN

    def __init__(self, cases: int) -> None:
        super().__init__()
        self.facts = {"cases": cases}


def refuse_withdrawn(snapshot: DatasetSnapshot) -> None:
    """Raises CasesWithdrawn when a case of the list was deleted or withdrawn since it was frozen.

    Also a test case: the figures would be of patients who said no.
    """
    changes = what_changed(snapshot)
    if gone := changes.deleted + changes.withdrawn:
        raise CasesWithdrawn(gone)


def write(
    attempt: Attempt,
    snapshot: DatasetSnapshot,
    classes: Classes,
    made: Made,
    evaluation: dict[str, Any],
) -> ModelVersion:
    """Raises CasesWithdrawn, LeaseLost, OSError; then no file and no row of it stays."""
    attempt.enter(Stage.WRITING)
    part = kept_folder(f".{secrets.token_hex(8)}.part")
    names: list[str] = []
    try:
        with transaction.atomic():
            version = _version(attempt, snapshot, made, evaluation, part)
            names.append(version.artifact)
            refuse_withdrawn(snapshot)
            _finish(attempt, snapshot, version)
    except BaseException:
        # The name pins the content: nobody else's artifact can have it.
        for name in names:
            discard(kept_folder(name))
        raise
    finally:
        discard(part)
    shutil.rmtree(folder_of(attempt.run), ignore_errors=True)
    return version


def _version(
    attempt: Attempt,
    snapshot: DatasetSnapshot,
    made: Made,
    evaluation: dict[str, Any],
    part: Path,
) -> ModelVersion:
    """The artifact under its lasting name, and its row; the target is locked for its number."""
    run = attempt.run
    target = Target.objects.select_for_update().get(pk=run.target_id)
    newest = ModelVersion.objects.filter(target=target).aggregate(last=Max("number"))["last"]
    number = (newest or 0) + 1
    manifest = _complete(made.draft.manifest, f"{target.code}-{number}", evaluation)
    backbone = made.draft.backbone.state_dict() if made.draft.backbone else None
    stored = artifact.save(part, manifest, made.draft.head, backbone)
    sha256 = identity_of(part)
    name = keep(part, target=target.code, version=manifest.version)
    return ModelVersion.objects.create(
        target=target, number=number, version=manifest.version, run=run, snapshot=snapshot,
        made_by=run.requested_by, architecture=run.architecture, extractor=run.extractor,
        artifact=name, sha256=sha256, weights_sha256=stored.weights_sha256,
        figures=evaluation["figures"], evaluation=evaluation, environment=environment(),
    )  # fmt: skip


def _complete(draft: Manifest, version: str, evaluation: dict[str, Any]) -> Manifest:
    told = {name: evaluation[name] for name in IN_MANIFEST}
    return replace(draft, version=version, metrics={"split": "test", **told})


def _finish(attempt: Attempt, snapshot: DatasetSnapshot, version: ModelVersion) -> None:
    changes = what_changed(snapshot)
    if changes.relabelled:
        attempt.say("relabelled", cases=changes.relabelled)
    attempt.say("stored", version=version.version)
    attempt.say("audit")
    timings = attempt.close() | {"peak_mb": _peak_megabytes()}
    seconds = round(sum(value for name, value in timings.items() if name != "peak_mb"), 2)
    ended = TrainingRun.objects.finish(
        attempt.owner, stage=Stage.WRITING, seconds=seconds, seconds_left=None, timings=timings
    )
    if not ended:
        raise LeaseLost
    ShortcutAudit.objects.create(version=version, requested_by=attempt.run.requested_by)
    transaction.on_commit(_ring)


def _peak_megabytes() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def _ring() -> bool:
    from retraining.tasks import audit_waiting

    return ring(audit_waiting)
