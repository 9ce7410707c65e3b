"""The evaluation stage: the vault is opened once, and everything is measured on what lies in it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from inference.artifact_store import identity_of, kept_folder
from inference.ml import artifact
from inference.ml.errors import ArtifactRefused, WeightsUnavailable
from inference.models import DeployedModel
from retraining import vault
from retraining.ml.report import Development, TestCases, compare, generalisation, report_of
from retraining.models import DatasetSnapshot, ModelVersion, Purpose, Stage
from retraining.pipeline.attempt import Attempt
from retraining.pipeline.made import Classes, Made
from retraining.scoring import OnDone, score
from retraining.vault import Row


def evaluate(
    attempt: Attempt, snapshot: DatasetSnapshot, classes: Classes, made: Made
) -> dict[str, Any]:
    """The evaluation JSON of docs/evaluation.md. Raises LeaseLost, OSError."""
    attempt.enter(Stage.EVALUATING)
    rows = vault.open_vault(
        snapshot=snapshot, purpose=Purpose.EVALUATION, about=str(attempt.run.pk),
        by=attempt.run.requested_by,
    )  # fmt: skip
    attempt.say("vault", look=vault.looks(snapshot.target))
    scored = score(made.draft, rows, classes.codes, attempt.step)
    cases = cases_of(scored.rows, scored.probabilities, classes)
    manifest = made.draft.manifest
    report = report_of(
        cases, classes=classes.codes, positive=classes.positive, threshold=manifest.threshold,
        conformal=manifest.answer_sets,
    )  # fmt: skip
    _tell(attempt, report)
    report["temperature"] = manifest.temperature
    report["comparison"] = _comparison(attempt, snapshot, classes, cases, scored.rows)
    return report | _generalisation(made, classes)


def cases_of(rows: Sequence[Row], probabilities: Any, classes: Classes) -> TestCases:
    return TestCases(
        labels=np.array([classes.codes.index(row.class_code) for row in rows], np.int64),
        groups=[row.group for row in rows],
        sites=[str(row.site) for row in rows],
        sexes=[row.sex for row in rows],
        ages=[row.age_years for row in rows],
        views=[row.view for row in rows],
        probabilities=probabilities,
    )


def compared(
    live: DeployedModel,
    cases: TestCases,
    rows: Sequence[Row],
    classes: Classes,
    snapshot: DatasetSnapshot,
    on_done: OnDone,
) -> dict[str, Any]:
    """The evaluation's "comparison" with `live`, on the same cases.

    Raises ArtifactRefused, WeightsUnavailable, KeyError for a case that `live` cannot answer for.
    """
    folder = kept_folder(live.artifact)
    if identity_of(folder) != live.sha256:
        raise ArtifactRefused("the artifact is not the one that was activated")
    served = artifact.load(folder)
    others = score(served, rows, classes.codes, on_done).of(rows)
    found = compare(
        cases, others, positive=classes.positive, other_threshold=served.manifest.threshold
    )
    seen = _may_have_seen(live, snapshot)
    return found | {"version": live.version, "sha256": live.sha256, "may_have_seen": seen}


def _comparison(
    attempt: Attempt,
    snapshot: DatasetSnapshot,
    classes: Classes,
    cases: TestCases,
    rows: Sequence[Row],
) -> dict[str, Any] | None:
    live = DeployedModel.objects.live(snapshot.target)
    if live is None:
        attempt.say("nothing-to-compare")
        return None
    try:
        found = compared(live, cases, rows, classes, snapshot, attempt.step)
    except (ArtifactRefused, WeightsUnavailable, FileNotFoundError, KeyError, ValueError):
        attempt.say("cannot-compare")
        return None
    attempt.say("compared", auc=_rounded(found["figures"]["auc"]))
    return found


def _may_have_seen(live: DeployedModel, snapshot: DatasetSnapshot) -> bool:
    """Only of a version that was trained here is it known that it never met these patients."""
    version = ModelVersion.objects.filter(sha256=live.sha256, snapshot__isnull=False).first()
    if version is None or version.snapshot is None:
        return True
    return bool(version.snapshot.division_id != snapshot.division_id)


def _generalisation(made: Made, classes: Classes) -> dict[str, Any]:
    """Of cases in development alone; the lane of whole networks has no features to learn from."""
    known = made.development
    if not known:
        return {"learning_curve": None, "left_out_sites": [], "site_prediction": None}
    development = Development(
        features=known["features"], labels=known["labels"], splits=known["splits"],
        groups=known["groups"], sites=known["sites"],
    )  # fmt: skip
    return generalisation(development, made.spec, classes=classes.codes)


def _tell(attempt: Attempt, report: dict[str, Any]) -> None:
    figures = report["figures"]
    names = ("auc", "sensitivity", "specificity")
    told = {name: _rounded(figures[name]) for name in names}
    attempt.say("evaluated", patients=report["patients"], **told)


def _rounded(figure: dict[str, float | None]) -> str:
    value = figure["value"]
    return "–" if value is None else f"{value:.3f}"
