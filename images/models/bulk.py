"""One action upon many radiographs, as a job that people can watch, stop and undo."""

from typing import Self

from django.db import models

from accounts.models import User
from core.jobs import Job, JobQuerySet
from core.models import Record
from images.models.radiograph import Radiograph


class BulkActionQuerySet(JobQuerySet):
    def visible_to(self, user: User) -> Self:
        """A person's own: nobody else stops or undoes them."""
        return self.filter(asked_by=user)


class BulkAction(Job):
    """`verb` upon all radiographs that matched when it was asked for (see images.bulk).

    The matching keys are written down first (`BulkChange`, state pending), so that what comes in
    meanwhile is not touched and a killed worker goes on where it stopped.
    """

    # `owner` is the worker's token (core.jobs).
    asked_by = models.ForeignKey(User, models.CASCADE, related_name="bulk_actions")
    verb = models.CharField(max_length=20)
    # Filters and search as in an address; empty where keys were ticked.
    query = models.CharField(max_length=2000, blank=True, default="")
    parameters = models.JSONField(default=dict)
    # When all matching keys were written down; from then on `total` is exact.
    gathered_at = models.DateTimeField(null=True, editable=False)
    total = models.PositiveIntegerField(default=0)
    done_count = models.PositiveIntegerField(default=0)
    refused_count = models.PositiveIntegerField(default=0)
    undoes = models.OneToOneField(
        "self", models.SET_NULL, null=True, blank=True, related_name="undone_by"
    )

    objects = BulkActionQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return str(self.pk)


class ChangeState(models.TextChoices):
    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"


class BulkChange(Record):
    """One radiograph of a bulk action: what it was, what it became, or why it was refused."""

    action = models.ForeignKey(BulkAction, models.CASCADE, related_name="changes")
    radiograph = models.ForeignKey(Radiograph, models.CASCADE, related_name="+")
    state = models.CharField(
        max_length=10, choices=ChangeState.choices, default=ChangeState.PENDING
    )
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    error_code = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["action", "radiograph"], name="once_per_bulk_action")
        ]
        indexes = [models.Index(fields=["action", "state"], name="pending_of_action")]

    def __str__(self) -> str:
        return str(self.pk)
