"""Where the answer for a radiograph stands: what lists filter by and worklists are ordered by."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.models import Record
from images.models import Radiograph, Target
from inference.models.prediction import Prediction


class StandingOf(models.TextChoices):
    POSITIVE = "positive", _("Positive")
    NEGATIVE = "negative", _("Negative")
    WAITING = "waiting", _("In progress")
    FAILED = "failed", _("Failed")
    NONE = "none", _("Not asked for")


class StandingQuerySet(models.QuerySet["Standing"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(radiograph__in=Radiograph.objects.visible_to(user))


class Standing(Record):
    """The newest answer for one radiograph and one target that was not cancelled, in short.

    Kept by `inference.services.standings`, whatever else changes predictions; the predictions
    themselves have the last word, and upkeep mends what differs. `doubt` is how far the odds lie
    from the threshold's, as |logit difference| (0 or more; null without an answer); `is_uncertain`
    when that is within the bounds of caution (`inference.readings.is_near`), or the model could not
    decide.
    """

    radiograph = models.ForeignKey(Radiograph, models.CASCADE, related_name="standings")
    target = models.ForeignKey(Target, models.PROTECT, related_name="+")
    standing = models.CharField(max_length=10, choices=StandingOf.choices)
    prediction = models.ForeignKey(Prediction, models.CASCADE, null=True, related_name="+")
    doubt = models.FloatField(null=True)
    is_uncertain = models.BooleanField(default=False)

    objects = StandingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["radiograph", "target"], name="one_standing")
        ]
        indexes = [
            models.Index(fields=["target", "standing", "radiograph"], name="standing_of_target"),
            # Worklists ask what was written lately.
            models.Index(fields=["updated_at"], name="standing_written"),
        ]

    def __str__(self) -> str:
        return self.standing
