"""When a target is retrained without anybody asking."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.models import Record
from images.models import Target
from retraining.models.run import TrainingRun


class RetrainingPlan(Record):
    """Of one target. `skipped` and `skipped_facts`: why the last time that was due came to nothing
    (a code of `retraining.reasons`); empty where a run was started."""

    target = models.OneToOneField(Target, models.CASCADE, related_name="retraining_plan")
    is_on = models.BooleanField(_("retrain without being asked"), default=False)
    every_days = models.PositiveSmallIntegerField(
        _("every so many days"), null=True, blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(366)],
    )  # fmt: skip
    after_cases = models.PositiveIntegerField(
        _("after so many new confirmed cases"), null=True, blank=True,
        validators=[MinValueValidator(1)],
    )  # fmt: skip
    architecture = models.CharField(_("architecture"), max_length=60, default="covid-xr-c")
    extractor = models.CharField(_("extractor"), max_length=40, blank=True, default="")
    promotes = models.BooleanField(
        _("a model that meets all rules serves without a person's word"), default=False
    )
    looked_at = models.DateTimeField(null=True, editable=False)
    last_run = models.ForeignKey(
        TrainingRun, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    skipped = models.CharField(max_length=40, blank=True, default="", editable=False)
    skipped_facts = models.JSONField(default=dict, editable=False)

    def __str__(self) -> str:
        return self.target.code
