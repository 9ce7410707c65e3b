"""A training from the press of the button to the version it made, or to the reason why not."""

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Capability
from core.jobs import OPEN_STATUSES, Job, JobQuerySet, JobStatus
from core.models import Record
from images.models import Target
from retraining.models.snapshot import DatasetSnapshot

# The reason of a run whose cases may train no longer (`retraining.failures`).
CASES_WITHDRAWN: Final = "cases-withdrawn"


class Lane(models.TextChoices):
    FAST = "fast", _("Head on cached features")
    SLOW = "slow", _("Whole network")


class Trigger(models.TextChoices):
    PAGE = "page", _("By hand")
    COMMAND = "command", _("By the command line")
    WEEKLY = "weekly", _("By the calendar")
    CASES = "cases", _("By new confirmed cases")


class Stage(models.TextChoices):
    """What a run is busy with, in this order."""

    WAITING = "waiting", _("Waiting for a worker")
    SNAPSHOT = "snapshot", _("Freezing the list of cases")
    FEATURES = "features", _("Reading or making features")
    TRAINING = "training", _("Training")
    EVALUATING = "evaluating", _("Evaluating on test patients")
    WRITING = "writing", _("Writing the model")


class ManagedJobs(JobQuerySet):
    """Jobs about models: they belong to no institution (see `ManagedQuerySet`)."""

    def visible_to(self, user: User) -> "ManagedJobs":
        return self if user.can(Capability.MANAGE_MODELS) else self.none()


class TrainingRun(Job):
    """One training of one architecture for one target (states: core.jobs; `stage` while running).

    `spec`: what of the architecture's recipe is another value here, see
    `retraining.ml.training_spec.TrainingSpec`. `done` of `total` is the progress inside the stage.
    A cancelled or failed run of the slow lane may be resumed from its last whole epoch.
    """

    target = models.ForeignKey(Target, models.PROTECT, related_name="training_runs")
    snapshot = models.ForeignKey(DatasetSnapshot, models.PROTECT, null=True, related_name="runs")
    architecture = models.CharField(_("architecture"), max_length=60)
    extractor = models.CharField(_("extractor"), max_length=40, blank=True, default="")
    lane = models.CharField(max_length=4, choices=Lane.choices, default=Lane.FAST)
    spec = models.JSONField(default=dict)
    trigger = models.CharField(max_length=10, choices=Trigger.choices, default=Trigger.PAGE)
    requested_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    stage = models.CharField(max_length=12, choices=Stage.choices, default=Stage.WAITING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    # Seconds that are left, as the worker estimates them; null where it cannot.
    seconds_left = models.FloatField(null=True)
    seconds = models.FloatField(null=True)
    # Seconds of each stage, and the most memory held (MB).
    timings = models.JSONField(default=dict)
    # Numbers that the sentence of `error_code` needs.
    error_facts = models.JSONField(default=dict)

    objects = ManagedJobs.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["target"],
                condition=models.Q(status__in=OPEN_STATUSES),
                name="one_open_run_per_target",
            )
        ]

    def __str__(self) -> str:
        return f"{self.architecture} {self.status}"

    @property
    def is_resumable(self) -> bool:
        """Not where cases were withdrawn: what learned from them is gone, and its films too."""
        has_stopped = self.status in (JobStatus.CANCELLED, JobStatus.FAILED)
        may_go_on = has_stopped and self.error_code != CASES_WITHDRAWN
        return may_go_on and self.lane == Lane.SLOW and self.epochs.exists()


class TrainingEpoch(Record):
    """One epoch, counted from 1. Losses are means (nats); areas are of the positive class."""

    run = models.ForeignKey(TrainingRun, models.CASCADE, related_name="epochs")
    epoch = models.PositiveSmallIntegerField()
    train_loss = models.FloatField()
    validation_loss = models.FloatField()
    train_accuracy = models.FloatField(null=True)
    validation_accuracy = models.FloatField(null=True)
    train_auc = models.FloatField(null=True)
    validation_auc = models.FloatField(null=True)
    seconds = models.FloatField()

    class Meta:
        ordering = ("epoch",)
        constraints = [models.UniqueConstraint(fields=["run", "epoch"], name="once_per_epoch")]

    def __str__(self) -> str:
        return str(self.epoch)


class RunLine(Record):
    """One line of a run's log: a code and its numbers; `retraining.run_words` makes a sentence."""

    run = models.ForeignKey(TrainingRun, models.CASCADE, related_name="lines")
    code = models.CharField(max_length=40)
    facts = models.JSONField(default=dict)

    class Meta:
        ordering = ("created_at", "pk")
        indexes = [models.Index(fields=["run", "created_at"], name="lines_of_run")]

    def __str__(self) -> str:
        return self.code
