"""Which predictions a client asks for, and which radiographs by their prediction."""

import django_filters
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.jobs import JobStatus
from images.models import Radiograph
from images.models.target import RT_PCR_TARGET
from inference.models import DeployedModel, Prediction

Radiographs = models.QuerySet[Radiograph]
STANDINGS = {
    "positive": _("Positive"),
    "negative": _("Negative"),
    "waiting": _("In progress"),
    "failed": _("Failed"),
    "none": _("Not asked for"),
}


class PredictionFilter(django_filters.FilterSet):
    radiograph = django_filters.UUIDFilter(
        field_name="radiograph_id", label=_("Id of the radiograph")
    )
    status = django_filters.MultipleChoiceFilter(choices=JobStatus.choices, label=_("Status"))
    target = django_filters.CharFilter(field_name="target__code", label=_("Code of the target"))
    model = django_filters.CharFilter(field_name="model__version", label=_("Version of the model"))

    class Meta:
        model = Prediction
        fields = ("radiograph", "status", "target", "model")


class RadiographsByPrediction(django_filters.ChoiceFilter):
    """A filter of the list of radiographs: where the prediction for the RT-PCR stands.

    Positive and negative are answers of the model in service; `failed` has neither an answer of it
    nor one on its way.
    """

    def __init__(self) -> None:
        super().__init__(choices=[*STANDINGS.items()], label=_("Prediction"), empty_label=_("Any"))

    def filter(self, qs: Radiographs, value: str) -> Radiographs:
        if not value:
            return qs
        asked = Prediction.objects.filter(
            radiograph=models.OuterRef("pk"), target__code=RT_PCR_TARGET
        ).exclude(status=JobStatus.CANCELLED)
        if value == "waiting":
            return qs.filter(models.Exists(asked.waiting()))
        if value == "none":
            return qs.filter(~models.Exists(asked))
        live = DeployedModel.objects.live_models().filter(target__code=RT_PCR_TARGET).first()
        answered = asked.filter(model=live, status=JobStatus.DONE)
        if value == "failed":
            failed = models.Exists(asked.filter(status=JobStatus.FAILED))
            return qs.filter(failed, ~models.Exists(asked.waiting() | answered))
        return qs.filter(
            models.Exists(answered.filter(predicted_class__is_positive=value == "positive"))
        )
