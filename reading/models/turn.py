"""Whose turn it is: a case is held by one reader for a while."""

from datetime import datetime
from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from core.models import Record
from reading.models.case import ListCase


class TurnState(models.TextChoices):
    HELD = "held", _("Being read")
    ANSWERED = "answered", pgettext_lazy("case", "Read")
    SKIPPED = "skipped", _("Passed over")
    LAPSED = "lapsed", _("Ran out")


# These fill a place of the case: no more people than the list asks for ever read it.
FILLING = (TurnState.HELD, TurnState.ANSWERED)


class TurnQuerySet(models.QuerySet["Turn"]):
    def held_by(self, reader: User, now: datetime) -> Self:
        return self.filter(reader=reader, state=TurnState.HELD, held_until__gt=now)

    def run_out(self, now: datetime) -> Self:
        return self.filter(state=TurnState.HELD, held_until__lte=now)


class Turn(Record):
    """One reader at one case, in one of its `slot`s (0 .. readings needed - 1).

        held --answer--> answered      held --skip--> skipped
        held --held_until passed, somebody else takes the slot--> lapsed
        lapsed --the same reader comes back, a slot is free--> held (draft kept)

    The constraints, not the code, see to it that two people never hold one slot and that nobody
    reads a case twice.
    """

    case = models.ForeignKey(ListCase, models.CASCADE, related_name="turns")
    reader = models.ForeignKey(User, models.PROTECT, related_name="+")
    slot = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=10, choices=TurnState.choices, default=TurnState.HELD)
    # What a reader holds is read in this order.
    taken_at = models.DateTimeField(default=timezone.now, editable=False)
    held_until = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, editable=False)
    # What was typed and not saved yet: finding, note, ... It outlives the hold.
    draft = models.JSONField(default=dict, blank=True)

    objects = TurnQuerySet.as_manager()

    class Meta:
        ordering = ("created_at",)
        constraints = [
            models.UniqueConstraint(fields=["case", "reader"], name="one_turn_of_a_reader"),
            models.UniqueConstraint(
                fields=["case", "slot"],
                condition=models.Q(state__in=["held", "answered"]),
                name="one_reader_in_a_slot",
            ),
        ]
        indexes = [
            models.Index(fields=["reader", "state", "held_until"], name="turns_of_reader"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
