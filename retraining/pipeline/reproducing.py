"""A version trained again, from what its own artifact and snapshot say. Loads torch."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from django.conf import settings

from accounts.models import User
from core.errors import PermanentError
from inference.artifact_store import identity_of, kept_folder
from inference.making import make_missing
from inference.ml import artifact
from inference.ml.artifact import Artifact
from inference.ml.errors import ArtifactRefused
from inference.ml.extractor import EXTRACTORS
from retraining import reproduction_words as words
from retraining import vault
from retraining.environment import environment
from retraining.ml.report import report_of
from retraining.ml.training_spec import TrainingSpec
from retraining.models import DatasetSnapshot, Lane, ModelVersion, Purpose
from retraining.pipeline.evaluating import cases_of
from retraining.pipeline.features import recall
from retraining.pipeline.made import Classes
from retraining.scoring import score
from retraining.services.snapshots import what_changed

if TYPE_CHECKING:
    from retraining.ml.slow.training import TrainedNetwork
    from retraining.ml.trainer import TrainedHead

# Told so many of so many; what it raises ends the work.
Tell = Callable[[int, int], None]
# The figures that are held against each other where the weights are not the same to the bit, and
# by how much the largest difference may be. The operating point is chosen anew, and with few
# positives one case moves a sensitivity by more than that: it is no such figure.
FIGURES: Final = ("auc", "accuracy", "brier")
TOLERANCE: Final = 0.02


class CannotReproduce(PermanentError):
    """`code` says why (retraining.reproduction_words)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def reproduce(
    version: ModelVersion, *, key: str, by: User | None = None, tell: Tell = lambda _done, _of: None
) -> dict[str, Any]:
    """The `result` of a `Reproduction`. `key` names a folder below RUNS_DIR, whose checkpoints a
    network goes on from after a kill.

    Only where the weights differ is the vault opened, to compare the figures. Raises
    CannotReproduce, ArtifactRefused, TrainingFailed, WeightsUnavailable, OSError, and what `tell`
    raises.
    """
    snapshot = snapshot_of(version)
    stored = _stored(version)
    draft = _trained(stored, version, snapshot, key, tell)
    hashes = _hashes(draft)
    is_same = hashes == (stored.manifest.weights_sha256, stored.manifest.backbone_sha256)
    found = {} if is_same else _figures(draft, version, snapshot, by, tell)
    differences = _differences(version.figures, found)
    return {
        "weights_sha256": hashes[0],
        "is_same": is_same,
        "largest_difference": 0.0 if is_same else max(differences.values(), default=None),
        "differences": differences,
        "tolerance": TOLERANCE,
        "environment": changed_environment(version.environment),
    }


def succeeded(result: Mapping[str, Any]) -> bool:
    largest = result["largest_difference"]
    return bool(result["is_same"] or (largest is not None and largest <= result["tolerance"]))


def snapshot_of(version: ModelVersion) -> DatasetSnapshot:
    """Raises CannotReproduce where there is none, or where its cases are no longer all there."""
    snapshot = version.snapshot
    if snapshot is None or version.run is None:
        raise CannotReproduce(words.FROM_ELSEWHERE)
    changes = what_changed(snapshot)
    if changes.deleted + changes.withdrawn + changes.redrawn:
        raise CannotReproduce(words.CASES_GONE)
    return snapshot


def changed_environment(then: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What is another now, by name: [then, now]."""
    before, now = _flat(then), _flat(environment())
    names = sorted(before.keys() | now.keys())
    return {
        name: [before.get(name), now.get(name)]
        for name in names
        if before.get(name) != now.get(name)
    }


def _flat(facts: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in facts.items():
        flat.update(value if isinstance(value, Mapping) else {name: value})
    return flat


def _stored(version: ModelVersion) -> Artifact:
    folder = kept_folder(version.artifact)
    if identity_of(folder) != version.sha256:
        raise ArtifactRefused("its files are not those of the registry")
    return artifact.load(folder)


def spec_of_manifest(training: Mapping[str, Any]) -> TrainingSpec:
    """The whole recipe as it was. Raises CannotReproduce for one of another release."""
    stated = training.get("spec")
    if not isinstance(stated, Mapping) or stated.keys() != {f.name for f in fields(TrainingSpec)}:
        raise CannotReproduce(words.OTHER_RECIPE)
    return TrainingSpec(**stated)


def _trained(
    stored: Artifact, version: ModelVersion, snapshot: DatasetSnapshot, key: str, tell: Tell
) -> Artifact:
    """As the run did; a version's own name and figures are no part of it."""
    spec = spec_of_manifest(stored.manifest.training)
    codes = stored.manifest.classes
    if version.run is not None and version.run.lane == Lane.SLOW:
        network = _network(version, snapshot, spec, codes, key, tell)
        return Artifact(_decided(stored, network), network.head, network.backbone)
    head = _head(version, snapshot, spec, codes, tell)
    return Artifact(_decided(stored, head), head.head)


def _decided(stored: Artifact, trained: "TrainedHead | TrainedNetwork") -> Any:
    return replace(stored.manifest, threshold=trained.threshold, temperature=trained.temperature)


def _head(
    version: ModelVersion,
    snapshot: DatasetSnapshot,
    spec: TrainingSpec,
    codes: tuple[str, ...],
    tell: Tell,
) -> "TrainedHead":
    from retraining.ml.trainer import train_head

    rows = vault.development(snapshot)
    make_missing([row.radiograph for row in rows], extractor=version.extractor, on_done=tell)
    matrix = recall(rows, version.extractor)
    return train_head(
        matrix.features,
        np.array([codes.index(row.class_code) for row in matrix.rows], np.int64),
        [row.split for row in matrix.rows],
        spec,
        lambda report: tell(report.epoch, spec.epochs),
        groups=[row.group for row in matrix.rows],
    )


def _network(
    version: ModelVersion,
    snapshot: DatasetSnapshot,
    spec: TrainingSpec,
    codes: tuple[str, ...],
    key: str,
    tell: Tell,
) -> "TrainedNetwork":
    from inference.films import inputs_of
    from retraining.ml.architectures import architecture_of
    from retraining.ml.slow.training import train_network
    from retraining.pipeline.slow import FILMS, initial_of

    rows = vault.development(snapshot)
    architecture = architecture_of(version.architecture)
    folder = Path(settings.RUNS_DIR) / key
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    side = EXTRACTORS[architecture.backbone].side
    stack = inputs_of(
        [row.radiograph for row in rows], side=side, path=folder / FILMS, on_done=tell
    )
    read = stack.is_read.tolist()
    return train_network(
        stack.films,
        [codes.index(r.class_code) if ok else -1 for r, ok in zip(rows, read, strict=True)],
        [r.split if ok else "" for r, ok in zip(rows, read, strict=True)],
        spec,
        architecture=architecture,
        folder=folder,
        initial=initial_of(architecture),
        on_epoch=lambda report: tell(report.epoch, spec.epochs),
        on_step=tell,
    )


def _hashes(draft: Artifact) -> tuple[str, str]:
    """Of the weights' files, as an artifact would hold them."""
    state = draft.backbone.state_dict() if draft.backbone else None
    with tempfile.TemporaryDirectory() as folder:
        written = artifact.save(Path(folder) / "again", draft.manifest, draft.head, state)
    return written.weights_sha256, written.backbone_sha256


def _figures(
    draft: Artifact,
    version: ModelVersion,
    snapshot: DatasetSnapshot,
    by: User | None,
    tell: Tell,
) -> Mapping[str, Any]:
    rows = vault.open_vault(
        snapshot=snapshot, purpose=Purpose.REPRODUCTION, about=version.version, by=by
    )
    classes = Classes.of(version.target)
    scored = score(draft, rows, classes.codes, tell)
    report = report_of(
        cases_of(scored.rows, scored.probabilities, classes), classes=classes.codes,
        positive=classes.positive, threshold=draft.manifest.threshold,
    )  # fmt: skip
    figures: Mapping[str, Any] = report["figures"]
    return figures


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, float]:
    pairs = {
        name: ((then.get(name) or {}).get("value"), (now.get(name) or {}).get("value"))
        for name in FIGURES
    }
    return {
        name: abs(after - before)
        for name, (before, after) in pairs.items()
        if before is not None and after is not None
    }
