"""Runs and versions as rows, with an evaluation as the evaluator writes it: for pages."""

from copy import deepcopy
from functools import cache
from typing import Any

import numpy as np
from django.utils import timezone

from accounts.models import User
from images.models import Target
from inference.models import DeployedModel
from retraining.models import (
    DatasetSnapshot,
    Division,
    ModelVersion,
    RunLine,
    Stage,
    TrainingEpoch,
    TrainingRun,
)

SITES = ("milagro", "oaxaca", "far")
THRESHOLD, FEATURES = 0.43, 40


def evaluation_of(target: Target) -> dict[str, Any]:
    """Of invented patients of three institutions; every part of it is there."""
    classes = list(target.classes.order_by("position").values_list("code", flat=True))
    positive = classes.index(target.positive_class.code)
    return deepcopy(_evaluation(tuple(classes), positive))


@cache
def _evaluation(classes: tuple[str, ...], positive: int) -> dict[str, Any]:
    # Here, for it loads much that who only wants rows of runs does not need.
    from inference.ml.conformal import Conformal
    from retraining.ml.report import TestCases, compare, report_of

    rng = np.random.default_rng(3)
    patients, count = 150, len(classes)
    rows = np.repeat(np.arange(patients), rng.choice([1, 2], patients))
    labels = rng.integers(0, count, patients)[rows]
    sites = np.asarray(SITES)[rng.choice(3, patients, p=[0.5, 0.3, 0.2])][rows]
    groups = [f"p{row}" for row in rows]
    scores, others = (_scores(rng, labels, count, noise) for noise in (0.0, 0.9))
    cases = TestCases(
        labels, groups, sites.tolist(), rng.choice(["F", "M", ""], len(rows)).tolist(),
        rng.integers(1, 95, len(rows)).tolist(), rng.choice(["PA", "AP"], len(rows)).tolist(),
        scores,
    )  # fmt: skip
    found = report_of(
        cases, classes=list(classes), positive=positive, threshold=THRESHOLD,
        conformal=Conformal(0.1, (0.88,) * count),
    )  # fmt: skip
    beside = compare(cases, others, positive=positive, other_threshold=0.5)
    named = {"version": "covid-xr-0", "sha256": "0" * 64, "may_have_seen": True}
    return found | {
        "comparison": named | beside, "temperature": 1.18,
        **_generalised(rng, labels, groups, sites, classes, positive),
    }  # fmt: skip


def _scores(rng: Any, labels: Any, count: int, noise: float) -> Any:
    raised = rng.normal(size=(len(labels), count)) * (1.1 + noise)
    raised[np.arange(len(labels)), labels] += 2.6
    likely = np.exp(raised)
    return likely / likely.sum(axis=1, keepdims=True)


def _generalised(rng, labels, groups, sites, classes, positive) -> dict[str, Any]:
    from retraining.ml.report import Development, generalisation
    from retraining.ml.training_spec import TrainingSpec

    features = rng.normal(size=(len(labels), FEATURES)).astype(np.float32)
    features[:, 0] += labels
    features[:, 1] += [SITES.index(site) for site in sites]
    development = Development(features, labels, ["train"] * len(labels), groups, sites.tolist())
    spec = TrainingSpec(positive=positive, classes=len(classes))
    return generalisation(development, spec, classes=list(classes))


COUNTS = {
    "splits": {"train": 70, "validation": 10, "test": 20},
    "patients": {"train": 60, "validation": 9, "test": 18},
    "classes": {
        "train": {"no-covid-19": 40, "covid-19": 30},
        "validation": {"no-covid-19": 5, "covid-19": 5},
        "test": {"no-covid-19": 10, "covid-19": 10},
    },
    "sites": {"train": {"milagro": 50, "oaxaca": 20}}, "views": {"train": {"PA": 70}},
    "ages": {"train": {"18-39": 40, "": 30}},
}  # fmt: skip


def make_snapshot(target: Target) -> DatasetSnapshot:
    return DatasetSnapshot.objects.create(
        target=target, division=Division.objects.current(), sha256="c" * 64, size=100,
        counts=COUNTS, imbalance={"mu": 0.1, "rho": 1.22},
        association={"site": {"v": 0.31, "corrected": 0.28}, "view": {"v": None}},
    )  # fmt: skip


def make_run(target: Target, by: User | None = None, epochs: int = 0, **facts: Any) -> TrainingRun:
    """A run; waiting unless `facts` say otherwise, with so many epochs behind it."""
    run = TrainingRun.objects.create(
        target=target, requested_by=by,
        **({"architecture": "covid-xr-c", "extractor": "vgg16-block5"} | facts),
    )  # fmt: skip
    add_epochs(run, 1, epochs)
    return run


def add_epochs(run: TrainingRun, first: int, last: int) -> None:
    TrainingEpoch.objects.bulk_create(
        TrainingEpoch(
            run=run, epoch=epoch, train_loss=0.7 / epoch, validation_loss=0.72 / epoch + 0.05,
            train_accuracy=1 - 0.4 / epoch, validation_accuracy=1 - 0.45 / epoch,
            train_auc=1 - 0.3 / epoch, validation_auc=1 - 0.35 / epoch, seconds=0.05,
        )
        for epoch in range(first, last + 1)
    )  # fmt: skip


def running(target: Target, by: User | None = None, epochs: int = 3, **facts: Any) -> TrainingRun:
    """In the middle of its training."""
    now = timezone.now()
    busy = {
        "status": "running", "stage": Stage.TRAINING, "done": epochs, "total": 30,
        "seconds_left": 200.0, "started_at": now,
    }  # fmt: skip
    run = make_run(target, by, epochs, **(busy | facts))
    RunLine.objects.create(run=run, code="started", facts={"attempt": 1})
    RunLine.objects.create(
        run=run, code="training", facts={"architecture": "covid-xr-c", "epochs": 30}
    )
    return run


def make_version(target: Target, by: User | None = None, **facts: Any) -> ModelVersion:
    """A version that was trained here and evaluated."""
    evaluation = facts.pop("evaluation", None)
    evaluation = evaluation_of(target) if evaluation is None else evaluation
    number = ModelVersion.objects.filter(target=target).count() + 1
    digest = f"{number:x}".rjust(64, "a")
    return ModelVersion.objects.create(
        target=target, number=number, version=f"{target.code}-{number}", made_by=by,
        evaluation=evaluation, figures=evaluation.get("figures", {}),
        **({"architecture": "covid-xr-c", "extractor": "vgg16-block5", "artifact": f"a-{number}",
            "sha256": digest, "weights_sha256": "b" * 64} | facts),
    )  # fmt: skip


def serve(version: ModelVersion, **facts: Any) -> DeployedModel:
    return DeployedModel.objects.create(
        target=version.target, version=version.version, architecture=version.architecture,
        extractor=version.extractor, artifact=version.artifact, sha256=version.sha256,
        threshold=0.5, **facts,
    )  # fmt: skip
