"""Whether what an institution sends still looks like what the live model learned from."""

from django.db import models

from accounts.models import Site, User
from core.jobs import OPEN_STATUSES, Job
from core.models import Record
from images.models import Target
from inference.models import DeployedModel
from retraining.models.run import ManagedJobs
from retraining.models.snapshot import ManagedQuerySet


class DriftCheck(Job):
    """A look at all institutions for one target, once a week or when asked (states: core.jobs)."""

    target = models.ForeignKey(Target, models.PROTECT, related_name="+")
    requested_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    seconds = models.FloatField(null=True)

    objects = ManagedJobs.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["target"],
                condition=models.Q(status__in=OPEN_STATUSES),
                name="one_open_drift_check",
            )
        ]

    def __str__(self) -> str:
        return self.status


class DriftReport(Record):
    """One institution's radiographs since `since`, against the model's training set.

    `alerts`: codes of `retraining.reasons`. `facts`: the figures behind each, see docs/drift.md.
    """

    check_job = models.ForeignKey(DriftCheck, models.CASCADE, related_name="reports")
    target = models.ForeignKey(Target, models.PROTECT, related_name="+")
    model = models.ForeignKey(DeployedModel, models.CASCADE, related_name="drift_reports")
    site = models.ForeignKey(Site, models.CASCADE, related_name="+")
    since = models.DateField()
    cases = models.PositiveIntegerField()
    # Population stability index of the scores; Fréchet distance of the pooled features and the
    # distance that chance alone would give in 95 of 100 draws; null with too few cases.
    score_shift = models.FloatField(null=True)
    feature_distance = models.FloatField(null=True)
    feature_limit = models.FloatField(null=True)
    # Estimated share of positives (Saerens, Latinne and Decaestecker 2002), 0..1.
    prevalence = models.FloatField(null=True)
    alerts = models.JSONField(default=list)
    facts = models.JSONField(default=dict)

    objects = ManagedQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = [
            models.UniqueConstraint(fields=["check_job", "site"], name="one_report_per_site")
        ]
        indexes = [models.Index(fields=["target", "-created_at"], name="drift_of_target")]

    def __str__(self) -> str:
        return f"{self.site_id} {self.since}"
