"""Which predictions a client asks for."""

import django_filters
from django.utils.translation import gettext_lazy as _

from core.jobs import JobStatus
from inference.models import Prediction


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
