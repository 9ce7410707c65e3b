"""The training stage of both lanes: from the cases of a snapshot to a head, perhaps a backbone."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from django.conf import settings
from django.utils import timezone

from inference import worker
from inference.ml.artifact import Artifact
from inference.ml.extractor import EXTRACTORS
from inference.ml.manifest import Manifest
from retraining import vault
from retraining.environment import environment
from retraining.ml.projection import fit_projection
from retraining.ml.split import TRAIN
from retraining.ml.trainer import TrainedHead, train_head
from retraining.ml.training_spec import EpochReport, TrainingSpec
from retraining.models import DatasetSnapshot, Stage, TrainingEpoch, TrainingRun
from retraining.pipeline.attempt import Attempt
from retraining.pipeline.features import Matrix, matrix_of
from retraining.pipeline.limits import limits_of
from retraining.pipeline.made import Classes, Made

if TYPE_CHECKING:
    from retraining.ml.slow.training import TrainedNetwork

# As many directions as the default recipe reads: what the report's small heads learn from.
DIRECTIONS: Final = 256


def train_a_head(
    attempt: Attempt, snapshot: DatasetSnapshot, classes: Classes, spec: TrainingSpec
) -> Made:
    """The fast lane: a head on features of a shared extractor, made first where they are missing.

    Raises TrainingFailed, WeightsUnavailable, LeaseLost.
    """
    attempt.enter(Stage.FEATURES)
    matrix = matrix_of(attempt, vault.development(snapshot), attempt.run.extractor)
    labels = np.array([classes.codes.index(row.class_code) for row in matrix.rows], np.int64)
    splits = [row.split for row in matrix.rows]
    _begin(attempt, spec)
    TrainingEpoch.objects.filter(run=attempt.run).delete()
    groups = [row.group for row in matrix.rows]
    trained = train_head(matrix.features, labels, splits, spec, attempt.epoch, groups=groups)
    attempt.flush()
    _tell_kept(attempt, trained.kept_epoch, trained.history)
    draft = Artifact(_manifest(attempt.run, snapshot, classes, trained), trained.head, None)
    development = _development(matrix, labels, splits)
    return Made(draft, spec, trained.kept_epoch, trained.calibrated_on, development)


def train_a_network(
    attempt: Attempt, snapshot: DatasetSnapshot, classes: Classes, spec: TrainingSpec
) -> Made:
    """The slow lane: backbone and head, from the films. Goes on after the last whole epoch.

    Raises TrainingFailed, LeaseLost, OSError.
    """
    from retraining.pipeline.slow import train_whole

    trained = train_whole(attempt, vault.development(snapshot), classes, spec)
    attempt.flush()
    _tell_kept(attempt, trained.kept_epoch, trained.history)
    manifest = _manifest(attempt.run, snapshot, classes, trained)
    draft = Artifact(manifest, trained.head, trained.backbone)
    return Made(draft, spec, trained.kept_epoch, trained.calibrated_on, {})


def folder_of(run: TrainingRun) -> Path:
    """Where a run keeps its films and checkpoints until it has ended well."""
    return Path(settings.RUNS_DIR) / run.pk.hex


def _begin(attempt: Attempt, spec: TrainingSpec) -> None:
    attempt.enter(Stage.TRAINING, total=spec.epochs)
    attempt.say("training", architecture=attempt.run.architecture, epochs=spec.epochs)


def _tell_kept(attempt: Attempt, epoch: int, history: tuple[EpochReport, ...]) -> None:
    kept = next((report for report in history if report.epoch == epoch), None)
    if kept is not None:
        attempt.say("trained", epoch=epoch, loss=round(kept.validation_loss, 4))


def _development(matrix: Matrix, labels: Any, splits: list[str]) -> dict[str, Any]:
    """In few dimensions: dozens of small heads learn from it for the report. No label enters."""
    trains = np.flatnonzero(np.array(splits) == TRAIN)
    projection = fit_projection(matrix.features, DIRECTIONS, whiten=0.5, seed=0, among=trains)
    return {
        "features": projection.apply(matrix.features).numpy(),
        "labels": labels,
        "splits": splits,
        "groups": [row.group for row in matrix.rows],
        "sites": [str(row.site) for row in matrix.rows],
    }


def _manifest(
    run: TrainingRun,
    snapshot: DatasetSnapshot,
    classes: Classes,
    trained: "TrainedHead | TrainedNetwork",
) -> Manifest:
    spec = EXTRACTORS[run.extractor]
    return Manifest(
        target=run.target.code,
        name=run.architecture,
        version="draft",
        architecture=trained.spec.architecture,
        extractor=run.extractor,
        extractor_weights_sha256=_weights_sha256(run.extractor),
        preprocessing_version=spec.preprocessing_version,
        classes=classes.codes,
        positive=classes.positive_code,
        threshold=trained.threshold,
        temperature=trained.temperature,
        metrics={},
        training=_training(run, snapshot, trained),
        limits=limits_of(snapshot),
        created=timezone.localdate().isoformat(),
        conformal=trained.conformal.to_dict(classes.codes) if trained.conformal else None,
    )


def _weights_sha256(extractor: str) -> str:
    """Those of the registry; of weights that are not pinned there, what was loaded here."""
    spec = EXTRACTORS[extractor]
    if spec.weights_sha256 or spec.travels:
        return spec.weights_sha256
    return worker.extractor_named(extractor).spec.weights_sha256


def _training(
    run: TrainingRun, snapshot: DatasetSnapshot, trained: "TrainedHead | TrainedNetwork"
) -> dict[str, Any]:
    """What a reproduction needs, and what a card tells. Counts only, never a key of a case."""
    return {
        "snapshot": snapshot.sha256,
        "cases": snapshot.size,
        "counts": snapshot.counts,
        "architecture": run.architecture,
        "lane": run.lane,
        "spec": asdict(trained.spec),
        "seed": trained.spec.seed,
        "epochs": trained.kept_epoch,
        "calibrated_on": trained.calibrated_on,
        "environment": environment(),
    }
