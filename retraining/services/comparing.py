"""Evaluating a version again, beside the model that serves now: on the same frozen test patients.

Models are exchanged while versions wait, and a model that was taken in from elsewhere has no
figures of this installation at all. Each such evaluation is one more look into the vault.
"""

from collections.abc import Sequence
from threading import Event
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from accounts.models import User
from core.errors import PermanentError
from core.jobs import LeaseLost
from images.models import Radiograph
from inference.artifact_store import identity_of, kept_folder
from inference.ml.errors import ArtifactRefused
from inference.models import DeployedModel
from retraining import reasons, vault
from retraining.models import DatasetSnapshot, ModelVersion, Purpose

if TYPE_CHECKING:
    from inference.ml.artifact import Artifact
    from retraining.pipeline.made import Classes
    from retraining.scoring import Scored
    from retraining.vault import Row

KEYS_PER_QUERY: Final = 500


class NotComparable(PermanentError):
    """There is nothing that both models could be evaluated on."""

    code = reasons.NO_CASES


def compare_again(
    *, version: ModelVersion, live: DeployedModel | None, by: User | None, lost: Event | None = None
) -> dict[str, Any]:
    """What the row of `version` holds from now on: its fields by name. Loads torch.

    Figures that were measured here stay; those of a model from elsewhere are measured now, on the
    newest list of cases. Raises LeaseLost once `lost` is set, NotComparable, ArtifactRefused,
    WeightsUnavailable, SnapshotRefused, OSError.
    """
    from retraining.pipeline.evaluating import cases_of, compared
    from retraining.pipeline.made import Classes

    def on_done(_done: int, _total: int) -> None:
        if lost is not None and lost.is_set():
            raise LeaseLost

    snapshot = version.snapshot or _newest_snapshot(version, by)
    classes = Classes.of(version.target)
    own = _artifact_of(version)
    scored = _scored(own, _opened(version, snapshot, by), classes, on_done)
    evaluation = dict(version.evaluation)
    if version.snapshot is None:
        evaluation = _evaluated(own, scored, classes)
    evaluation["comparison"] = None
    if live is not None:
        cases = cases_of(scored.rows, scored.probabilities, classes)
        try:
            beside = compared(live, cases, scored.rows, classes, snapshot, on_done)
        except (KeyError, ValueError) as problem:
            raise NotComparable from problem
        evaluation["comparison"] = beside
    figures = evaluation.get("figures", {})
    return {"evaluation": evaluation, "figures": figures, "snapshot": snapshot}


def _newest_snapshot(version: ModelVersion, by: User | None) -> DatasetSnapshot:
    """Frozen for it where there is none: a list is what makes figures comparable."""
    from retraining.services.snapshots import take_snapshot

    return take_snapshot(target=version.target, by=by)


def _artifact_of(version: ModelVersion) -> "Artifact":
    from inference.ml import artifact

    folder = kept_folder(version.artifact)
    if identity_of(folder) != version.sha256:
        raise ArtifactRefused("its files are not those of the registry")
    return artifact.load(folder)


def _opened(version: ModelVersion, snapshot: DatasetSnapshot, by: User | None) -> "list[Row]":
    """Test cases that may still be used: who withdrew since is in no new figure."""
    purpose = Purpose.EVALUATION if version.snapshot else Purpose.IMPORT
    rows = vault.open_vault(snapshot=snapshot, purpose=purpose, about=version.version, by=by)
    usable = _usable([row.radiograph for row in rows])
    return [row for row in rows if row.radiograph in usable]


def _usable(keys: Sequence[UUID]) -> set[UUID]:
    found: set[UUID] = set()
    for start in range(0, len(keys), KEYS_PER_QUERY):
        rows = Radiograph.objects.kept().consented().without_suspicion()
        some = rows.filter(pk__in=keys[start : start + KEYS_PER_QUERY]).order_by()
        found.update(some.values_list("pk", flat=True))
    return found


def _scored(own: "Artifact", rows: "list[Row]", classes: "Classes", on_done: Any) -> "Scored":
    from retraining.scoring import score

    scored = score(own, rows, classes.codes, on_done)
    if not scored.rows:
        raise NotComparable
    return scored


def _evaluated(own: "Artifact", scored: "Scored", classes: "Classes") -> dict[str, Any]:
    """As `retraining.pipeline.evaluating` does it, without what only a training can say."""
    from inference.ml.conformal import Conformal
    from retraining.ml.report import report_of
    from retraining.pipeline.evaluating import cases_of

    manifest = own.manifest
    # In the order of the question's classes, as the probabilities are.
    sets = manifest.conformal
    rule = Conformal.from_dict(sets, classes.codes) if sets is not None else None
    report = report_of(
        cases_of(scored.rows, scored.probabilities, classes), classes=classes.codes,
        positive=classes.positive, threshold=manifest.threshold, conformal=rule,
    )  # fmt: skip
    unknown: dict[str, Any] = {
        "learning_curve": None,
        "left_out_sites": [],
        "site_prediction": None,
    }
    return report | unknown | {"temperature": manifest.temperature}
