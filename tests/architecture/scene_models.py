"""What the scene has of models: runs and versions in every state, attempts, audits, alerts."""

from datetime import date
from typing import Any

from django.utils import timezone

from core.jobs import JobStatus
from images.models import Target
from inference.models import DeployedModel
from retraining import reasons
from retraining.models import (
    DriftCheck,
    DriftReport,
    Lane,
    Promotion,
    PromotionKind,
    Purpose,
    RetrainingPlan,
    RunLine,
    ShortcutAudit,
    Stage,
    TrainingRun,
    VaultLook,
)
from retraining.run_words import SENTENCES
from tests.retraining import registry

PROBLEMS = [
    {"code": "no-labels", "facts": {}},
    {"code": "one-class", "facts": {"cases": 3, "class": "x"}},
    {"code": "one-patient", "facts": {"cases": 3}},
]
EVERYTHING = {
    "attempt": 1, "snapshot": "abc", "train": 70, "validation": 10, "test": 20, "cases": 2,
    "cached": 7, "made": 3, "architecture": "x", "epochs": 30, "epoch": 4, "loss": "0.2",
    "temperature": "1.1", "threshold": "0.4", "look": 3, "patients": 18, "auc": "0.9",
    "sensitivity": "0.9", "specificity": "0.9", "version": "x",
}  # fmt: skip


def add(scene: Any) -> None:
    target = Target.objects.get(code="chest-three-classes")
    scene.rows["models"] = target
    by = scene.people["administrator"]
    _runs(scene, target, by)
    _versions(scene, by)
    _attempts(scene, by)
    _alerts(scene)


def _runs(scene: Any, target: Target, by: Any) -> None:
    """Of each state; the one that goes on has every line that a log can have."""
    ended = {"finished_at": timezone.now(), "stage": Stage.TRAINING}
    scene.rows["failed_run"] = registry.make_run(
        target, by, 2, status=JobStatus.FAILED, error_code="not-finite", lane=Lane.SLOW, **ended
    )
    scene.rows["refused_run"] = registry.make_run(
        target, by, status=JobStatus.FAILED, error_code="snapshot-refused",
        error_facts={"problems": PROBLEMS}, **ended,
    )  # fmt: skip
    scene.rows["cancelled_run"] = registry.make_run(
        target, by, status=JobStatus.CANCELLED, trigger="weekly",
        spec={"recipe": "paper", "balance": "oversample", "error_rate": 0.1, "patience": None},
        **ended,
    )  # fmt: skip
    running: TrainingRun = registry.running(target, by)
    scene.rows["running_run"] = running
    for code in SENTENCES:
        RunLine.objects.create(run=running, code=code, facts=EVERYTHING)


def _versions(scene: Any, by: Any) -> None:
    """Of two classes with a list and a run, of three, and one that came without evidence."""
    covid, three = (Target.objects.get(code=code) for code in ("covid-19", "chest-three-classes"))
    run = registry.make_run(covid, by, 2, status=JobStatus.DONE, seconds=4000.0)
    snapshot = registry.make_snapshot(covid)
    scene.rows["done_run"] = run
    scene.rows["full_version"] = registry.make_version(
        covid, by, run=run, snapshot=snapshot, environment={"libraries": {"torch": "2"}}
    )
    scene.rows["three_version"] = registry.make_version(three, by)
    scene.rows["bare_version"] = registry.make_version(
        covid, by, evaluation={}, origin="imported", extractor="alexnet-grey@abc"
    )
    for purpose in Purpose.values:
        VaultLook.objects.create(
            snapshot=snapshot, target=covid, purpose=purpose, cases=20, looked_by=by
        )


def _attempts(scene: Any, by: Any) -> None:
    """An audit that waits, one that failed; an attempt to promote in each state."""
    version = scene.rows["three_version"]
    ShortcutAudit.objects.create(version=version, requested_by=by)
    ShortcutAudit.objects.create(
        version=scene.rows["bare_version"], status=JobStatus.FAILED, error_code=reasons.STORAGE
    )
    facts = {"target": version.target, "version": version, "requested_by": by, "reason": "Uno"}
    for name, status, code in (
        ("done", JobStatus.DONE, ""), ("overtaken", JobStatus.FAILED, reasons.OVERTAKEN),
        ("closed", JobStatus.FAILED, reasons.GATE_CLOSED), ("open", JobStatus.QUEUED, ""),
    ):  # fmt: skip
        scene.rows[f"{name}_promotion"] = Promotion.objects.create(
            kind=PromotionKind.PROMOTE, status=status, error_code=code, **facts
        )


def _alerts(scene: Any) -> None:
    """A drift of one institution, and a schedule that came to nothing."""
    covid = Target.objects.get(code="covid-19")
    live = DeployedModel.objects.live(covid)
    check = DriftCheck.objects.create(
        target=covid, status=JobStatus.DONE, finished_at=timezone.now(), seconds=2.0
    )
    DriftReport.objects.create(
        check_job=check, target=covid, model=live, site=scene.rows["site"], cases=120,
        since=date(2020, 6, 1), score_shift=0.4, feature_distance=3.0, feature_limit=1.0,
        prevalence=0.4,
        alerts=[reasons.SCORES_MOVED, reasons.FEATURES_MOVED, reasons.PREVALENCE_MOVED],
    )  # fmt: skip
    RetrainingPlan.objects.create(target=covid, is_on=True, every_days=7, skipped=reasons.UNCHANGED)
