"""A run from its first stage to its last. Loads torch."""

from dataclasses import replace
from typing import Any

from retraining.ml.architectures import spec_of
from retraining.ml.training_spec import TrainingSpec
from retraining.models import DatasetSnapshot, Lane, PromotionRules, Stage, TrainingRun
from retraining.pipeline.attempt import Attempt
from retraining.pipeline.evaluating import evaluate
from retraining.pipeline.made import Classes, Made
from retraining.pipeline.training import train_a_head, train_a_network
from retraining.pipeline.writing import refuse_withdrawn, write
from retraining.services.snapshots import take_snapshot


def carry_out(attempt: Attempt) -> None:
    """Raises LeaseLost, and as `retraining.failures.of` knows them, the reasons why not."""
    run = attempt.run
    attempt.say("started", attempt=run.attempts + 1)
    snapshot = _frozen(attempt)
    classes = Classes.of(run.target)
    spec = _spec(run, classes)
    made = _trained(attempt, snapshot, classes, spec)
    refuse_withdrawn(snapshot)
    evaluation = evaluate(attempt, snapshot, classes, made)
    write(attempt, snapshot, classes, made, evaluation)


def _frozen(attempt: Attempt) -> DatasetSnapshot:
    """The list of this run: frozen by its first attempt, the same for all that follow."""
    run = attempt.run
    attempt.enter(Stage.SNAPSHOT)
    if run.snapshot is None:
        snapshot = take_snapshot(target=run.target, by=run.requested_by)
        run.snapshot = snapshot
        TrainingRun.objects.owned(attempt.owner).update(snapshot=snapshot)
        _tell_of(attempt, snapshot)
    return run.snapshot


def _tell_of(attempt: Attempt, snapshot: DatasetSnapshot) -> None:
    attempt.say("snapshot", snapshot=snapshot.sha256[:12], **snapshot.counts["splits"])
    if left_out := sum(snapshot.set_aside.values()):
        attempt.say("set-aside", cases=left_out)


def _spec(run: TrainingRun, classes: Classes) -> TrainingSpec:
    """The recipe, with the error rate of the target's rules where the run has none of its own."""
    spec = spec_of(
        run.architecture, run.spec, classes=len(classes.codes), positive=classes.positive
    )
    if "error_rate" in run.spec:
        return spec
    rules = PromotionRules.objects.filter(target=run.target).first() or PromotionRules()
    return replace(spec, error_rate=rules.error_rate)


def _trained(
    attempt: Attempt, snapshot: DatasetSnapshot, classes: Classes, spec: TrainingSpec
) -> Made:
    train: Any = train_a_network if attempt.run.lane == Lane.SLOW else train_a_head
    made: Made = train(attempt, snapshot, classes, spec)
    manifest = made.draft.manifest
    attempt.say(
        "calibrated",
        temperature=round(manifest.temperature, 2),
        threshold=round(manifest.threshold, 3),
    )
    return made
