"""Labels, and trainings one after the other, for a scratch installation; runs inside it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np

from accounts.models import User
from accounts.roles import Role
from benchmarks.people import _person, _site
from core.jobs import JobStatus
from images.models import Radiograph, Target
from images.models.target import RT_PCR_TARGET
from images.services import record_truth, truth_given
from retraining.models import TrainingRun
from retraining.services import cancel_run, request_run
from retraining.services.running import RunOpen

LOOK_SECONDS = 0.5
# Epochs of a network that is cancelled before it is done.
VERY_MANY = 300


def state_truths() -> None:
    """Give each radiograph a result, drawn with a seed: who is positive is of no matter here."""
    doctor = _person(_site(), "laboratory", role=Role.DOCTOR)
    target = Target.objects.get(code=RT_PCR_TARGET)
    random = np.random.default_rng(0)
    for radiograph in Radiograph.objects.order_by("pk"):
        result = "positive" if random.random() < 0.5 else "negative"
        truth = truth_given(target=target, result=result)
        record_truth(
            radiograph=radiograph, target=truth.target, target_class=truth.target_class,
            tested_on=truth.tested_on, entered_by=doctor, is_indeterminate=truth.is_indeterminate,
            laboratory=truth.laboratory, kit=truth.kit, reason=truth.reason, source=truth.source,
        )  # fmt: skip


def keep_training(architecture: str, stop: str) -> None:
    """Ask for one run after another until the file `stop` is there; print how they went."""
    target = Target.objects.get(code=RT_PCR_TARGET)
    boss = User.objects.administrators_of(None).get()
    overrides = {"epochs": VERY_MANY, "patience": None} if architecture == "cnn-64" else {}
    runs: list[TrainingRun] = []
    while not Path(stop).exists():
        try:
            run = request_run(
                target=target, architecture=architecture, overrides=overrides, by=boss
            )
        except RunOpen as opened:
            run = opened.run
        runs.append(run)
        while _is_open(run) and not Path(stop).exists():
            time.sleep(LOOK_SECONDS)
    for run in runs:
        cancel_run(run=run, by=boss)
    print(json.dumps([_told(run) for run in runs]))


def _is_open(run: TrainingRun) -> bool:
    run.refresh_from_db()
    return run.status in {JobStatus.QUEUED, JobStatus.RUNNING}


def _told(run: TrainingRun) -> dict[str, object]:
    run.refresh_from_db()
    return {
        "status": run.status, "reason": run.error_code, "stage": run.stage, "done": run.done,
        "seconds": run.seconds,
    }  # fmt: skip
