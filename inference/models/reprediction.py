"""Answering again for the radiographs that are kept, after another model went into service."""

from django.db import models

from accounts.models import User
from core.jobs import OPEN_STATUSES, Job, JobQuerySet
from inference.models.deployed import DeployedModel


class RePrediction(Job):
    """One pass of one deployed model over all kept radiographs (states: core.jobs).

    Where features are cached only the head runs; the other radiographs are queued as usual, after
    everybody else. `answered` and `queued` count what has been done so far.
    """

    model = models.ForeignKey(DeployedModel, models.CASCADE, related_name="repredictions")
    requested_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    answered = models.PositiveIntegerField(default=0)
    queued = models.PositiveIntegerField(default=0)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["model"],
                condition=models.Q(status__in=OPEN_STATUSES),
                name="one_open_reprediction",
            )
        ]

    def __str__(self) -> str:
        return f"{self.model_id} {self.status}"
