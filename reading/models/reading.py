"""What a reader saw in a radiograph: an opinion with a name and a history, never ground truth."""

from typing import Any, Final, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.models import Record
from images.models import Radiograph
from images.models.truth import AppendOnly
from inference.models import Prediction
from reading.models.case import ListCase


class Finding(models.TextChoices):
    """In the order of the number keys 1 .. 6 of the reading page."""

    NORMAL = "normal", _("Normal")
    COVID_19 = "covid-19", _("COVID-19")
    VIRAL = "viral-pneumonia", _("Viral pneumonia")
    BACTERIAL = "bacterial-pneumonia", _("Bacterial pneumonia")
    OTHER = "other", _("Other finding")
    NOT_READABLE = "not-readable", _("Not readable")


class ModelVerdict(models.TextChoices):
    AGREES = "agrees", _("Agrees with the model")
    DISAGREES = "disagrees", _("Disagrees with the model")


class Disagreement(models.TextChoices):
    """In the order of the number keys 1 .. 5, once the model's answer is shown."""

    MISSED = "missed", _("The model missed a finding")
    INVENTED = "invented", _("The model saw what is not there")
    OTHER_DISEASE = "other-disease", _("It is another disease")
    POOR_IMAGE = "poor-image", _("The image misled the model")
    ELSE = "else", _("Another reason")


# A correction only takes the mark away; the verdict on the model comes after the finding.
MAY_CHANGE: Final = frozenset(
    {"is_current", "verdict", "disagreement", "prediction", "seconds", "updated_at"}
)


class ReadingQuerySet(models.QuerySet["RadiologicalReading"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(case__in=ListCase.objects.visible_to(user))

    def current(self) -> Self:
        return self.filter(is_current=True)

    def update(self, **values: Any) -> int:
        """Raises AppendOnly for what a reader stated."""
        if not set(values) <= MAY_CHANGE:
            raise AppendOnly
        return super().update(**values)


class RadiologicalReading(Record):
    """One reader's finding in one case of one list.

    An undo or a correction is a new row that `supersedes` the old; `is_current` marks the last one
    of each reader. `finding` empty: taken back, and nothing stated since. The verdict on the model
    is written once the model's answer (`prediction`) was shown, after the finding.
    """

    case = models.ForeignKey(ListCase, models.CASCADE, related_name="readings")
    # Beside case.radiograph, for the history of a radiograph.
    radiograph = models.ForeignKey(Radiograph, models.CASCADE, related_name="readings")
    reader = models.ForeignKey(User, models.PROTECT, related_name="+")
    finding = models.CharField(_("finding"), max_length=20, choices=Finding.choices, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True, default="")
    is_adjudication = models.BooleanField(default=False)
    prediction = models.ForeignKey(
        Prediction, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    verdict = models.CharField(max_length=10, choices=ModelVerdict.choices, blank=True, default="")
    disagreement = models.CharField(
        max_length=15, choices=Disagreement.choices, blank=True, default=""
    )
    # From the first sight of the picture to the finding.
    seconds = models.FloatField(null=True, blank=True)
    supersedes = models.OneToOneField(
        "self", models.RESTRICT, null=True, blank=True, related_name="superseded_by"
    )
    is_current = models.BooleanField(default=True, editable=False)

    objects = ReadingQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["case", "reader", "is_adjudication"],
                condition=models.Q(is_current=True),
                name="one_current_reading",
            ),
        ]
        indexes = [models.Index(fields=["radiograph", "-created_at"], name="readings_of_film")]

    def __str__(self) -> str:
        return self.finding

    def save(self, *args: Any, **options: Any) -> None:
        """Raises AppendOnly when what was stated would be rewritten."""
        fields = options.get("update_fields")
        if not self._state.adding and not (fields and set(fields) <= MAY_CHANGE):
            raise AppendOnly
        super().save(*args, **options)
