"""Which predictions a client asks for, and which radiographs by their prediction."""

from typing import Final

import django_filters
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.jobs import JobStatus
from images.models import Radiograph, Target
from images.models.target import RT_PCR_TARGET
from inference.models import Prediction, Standing, StandingOf

Radiographs = models.QuerySet[Radiograph]


class PredictionFilter(django_filters.FilterSet):
    radiograph = django_filters.UUIDFilter(
        field_name="radiograph_id", label=_("Id of the radiograph")
    )
    status = django_filters.MultipleChoiceFilter(choices=JobStatus.choices, label=_("Status"))
    target = django_filters.CharFilter(field_name="target__code", label=_("Code of the target"))
    model = django_filters.CharFilter(field_name="model__version", label=_("Version of the model"))
    unsure = django_filters.BooleanFilter(
        field_name="is_unsure", label=_("The model could not decide")
    )

    class Meta:
        model = Prediction
        fields = ("radiograph", "status", "target", "model", "unsure")


# Beside where an answer stands: those that the model could not decide on, whichever class it named.
UNSURE: Final = "unsure"


class RadiographsByPrediction(django_filters.ChoiceFilter):
    """A filter of the list of radiographs: where the answer to the RT-PCR's question stands, by
    whatever model answered last; it is what the badge of a row shows."""

    def __init__(self) -> None:
        choices = [*StandingOf.choices, (UNSURE, _("The model could not decide"))]
        super().__init__(choices=choices, label=_("Prediction"), empty_label=_("Any"))

    def filter(self, qs: Radiographs, value: str) -> Radiographs:
        if not value:
            return qs
        target = Target.objects.only("pk").get(code=RT_PCR_TARGET)
        if value == UNSURE:
            # By the predictions first: they are few, and indexed.
            unsure = Prediction.objects.filter(is_unsure=True, status=JobStatus.DONE)
            newest = Standing.objects.filter(target=target.pk, prediction__in=unsure.order_by())
            return qs.filter(pk__in=newest.values("radiograph"))
        rows = Standing.objects.filter(target=target.pk, standing=value)
        if value == StandingOf.NEGATIVE:
            # Most are: found soon by reading the list in its order. The others are looked up first.
            return qs.filter(models.Exists(rows.filter(radiograph=models.OuterRef("pk"))))
        return qs.filter(pk__in=rows.values("radiograph"))
