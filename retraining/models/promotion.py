"""Rules a candidate must meet, and each attempt to put one in service."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.jobs import OPEN_STATUSES, Job
from core.models import Record
from images.models import Target
from inference.models import DeployedModel
from retraining.models.run import ManagedJobs
from retraining.models.version import ModelVersion

_SHARE = [MinValueValidator(0.0), MaxValueValidator(1.0)]


class PromotionRules(Record):
    """What a candidate of one target must show on test patients, set by an administrator.

    All areas and shares are in 0..1. A target without a row has these defaults.
    """

    target = models.OneToOneField(Target, models.CASCADE, related_name="promotion_rules")
    max_auc_drop = models.FloatField(
        _("most that the AUC may lie below that of the model in service"),
        default=0.02, validators=_SHARE,
    )  # fmt: skip
    by_interval = models.BooleanField(
        _("the lower end of the interval of that difference decides"), default=False
    )
    min_sensitivity = models.FloatField(
        _("least sensitivity at the operating point"), default=0.8, validators=_SHARE
    )
    min_specificity = models.FloatField(
        _("least specificity at the operating point"), default=0.8, validators=_SHARE
    )
    needs_audit = models.BooleanField(_("the shortcut audit must be passed"), default=True)
    max_hidden_auc = models.FloatField(
        _("most AUC that may be left when the lungs are hidden"), default=0.8, validators=_SHARE
    )
    max_association = models.FloatField(
        _("most association of label and institution (Cramér's V)"), default=0.8, validators=_SHARE
    )
    min_patients = models.PositiveSmallIntegerField(
        _("least patients of each class in training, and half as many in validation and test"),
        default=10, validators=[MinValueValidator(2)],
    )  # fmt: skip
    error_rate = models.FloatField(
        _("share of cases whose true class the set of answers may miss"),
        default=0.1, validators=[MinValueValidator(0.01), MaxValueValidator(0.5)],
    )  # fmt: skip
    shadow_first = models.BooleanField(
        _("a candidate scores in the shadow before it may serve"), default=False
    )
    shadow_cases = models.PositiveIntegerField(_("radiographs it has to score there"), default=100)

    def __str__(self) -> str:
        return self.target.code


class PromotionKind(models.TextChoices):
    PROMOTE = "promote", _("Put in service")
    ROLLBACK = "rollback", _("Back to the model before")
    SHADOW = "shadow", _("Scores in the shadow")
    COMPARE = "compare", _("Evaluated again")


class Promotion(Job):
    """One attempt to put a version in service, in the shadow or back (states: core.jobs).

    An evaluation beside the model in service is one as well, for it decides what may be promoted.
    A worker does it, for it loads the weights. `expected` is the model that served when a person
    asked: if another one serves by then, the attempt fails and says so. `verdict`:
    [{"rule", "wanted", "found", "is_met"}], as the gate saw it at that moment. `previous` is the
    model before a rollback or promotion.
    """

    target = models.ForeignKey(Target, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=PromotionKind.choices)
    version = models.ForeignKey(ModelVersion, models.PROTECT, null=True, related_name="promotions")
    # Of a rollback: the activation whose artifact serves again.
    back_to = models.ForeignKey(DeployedModel, models.PROTECT, null=True, related_name="+")
    expected = models.ForeignKey(DeployedModel, models.PROTECT, null=True, related_name="+")
    deployed = models.ForeignKey(DeployedModel, models.PROTECT, null=True, related_name="+")
    requested_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=200)
    repredicts = models.BooleanField(_("old radiographs are answered again"), default=False)
    verdict = models.JSONField(default=list)

    objects = ManagedJobs.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["target"],
                condition=models.Q(status__in=OPEN_STATUSES),
                name="one_open_promotion",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.status}"
