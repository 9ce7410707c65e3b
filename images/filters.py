"""One set of filters for the pages, the API and the exports."""

from datetime import date
from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Site, User
from images.models import GroundTruth, Radiograph, View
from images.pseudonyms import sees_patient_codes

RT_PCR_TARGET = "covid-19"
RT_PCR_RESULTS = [
    ("positive", _("Positive")),
    ("negative", _("Negative")),
    ("unknown", _("Unknown")),
]
# An empty value means "no filter" in an address, so the unknown view needs a word of its own.
VIEWS = [*((value, label) for value, label in View.choices if value), ("unknown", _("Unknown"))]


class ThreeWay(forms.NullBooleanSelect):
    """No filter, true or false, in words that fit the question."""

    def __init__(self, *words: Any) -> None:
        super().__init__()
        self.choices = list(zip(("", "true", "false"), words, strict=True))


def _date_input() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class RadiographFilter(django_filters.FilterSet):
    """Filters of radiographs; to be given the person's own queryset and request.

    `patient` is there only for those who see patient codes (else it would be a way to guess them),
    `site` only for those who see several institutions.
    """

    patient = django_filters.CharFilter(
        field_name="patient__code", lookup_expr="icontains", label=_("Patient code")
    )
    rt_pcr = django_filters.ChoiceFilter(
        choices=RT_PCR_RESULTS, method="by_rt_pcr", label=_("RT-PCR result"), empty_label=_("Any")
    )
    view = django_filters.ChoiceFilter(
        choices=VIEWS, method="by_view", label=pgettext_lazy("radiograph", "View"),
        empty_label=_("Any"),
    )  # fmt: skip
    # The day of the radiograph, or of its upload where that is unknown.
    date_from = django_filters.DateFilter(
        method="from_day", label=_("From the day"), widget=_date_input()
    )
    date_to = django_filters.DateFilter(
        method="to_day", label=_("To the day"), widget=_date_input()
    )
    source = django_filters.CharFilter(lookup_expr="icontains", label=_("Source"))
    synthetic = django_filters.BooleanFilter(
        field_name="is_synthetic", label=_("Synthetic images"),
        widget=ThreeWay(_("With the others"), _("Only these"), _("Without")),
    )  # fmt: skip
    mine = django_filters.BooleanFilter(
        method="by_me", label=_("Uploaded by"), widget=ThreeWay(_("Anyone"), _("Me"), _("Others"))
    )
    site = django_filters.ModelChoiceFilter(
        queryset=Site.objects.all(), to_field_name="code", label=_("Institution"),
        empty_label=_("Any"),
    )  # fmt: skip

    class Meta:
        model = Radiograph
        fields: tuple[str, ...] = ()

    def __init__(
        self,
        data: Any = None,
        queryset: QuerySet[Radiograph] | None = None,
        *,
        request: HttpRequest | None = None,
        prefix: str | None = None,
    ) -> None:
        super().__init__(data, queryset, request=request, prefix=prefix)
        user: User | None = getattr(request, "user", None)
        # Without a person (the generation of the API's schema) all filters are named.
        if user is not None and user.is_authenticated:
            self._keep_for(user)

    def _keep_for(self, user: User) -> None:
        if not sees_patient_codes(user):
            del self.filters["patient"]
        if not user.is_platform_wide:
            del self.filters["site"]

    def by_rt_pcr(
        self, radiographs: QuerySet[Radiograph], name: str, value: str
    ) -> QuerySet[Radiograph]:
        known = GroundTruth.objects.current().filter(
            radiograph=OuterRef("pk"), target__code=RT_PCR_TARGET, target_class__isnull=False
        )
        if value == "unknown":
            return radiographs.filter(~Exists(known))
        return radiographs.filter(Exists(known.filter(target_class__test_result=value)))

    def by_view(
        self, radiographs: QuerySet[Radiograph], name: str, value: str
    ) -> QuerySet[Radiograph]:
        return radiographs.filter(view=View.UNKNOWN if value == "unknown" else value)

    def from_day(
        self, radiographs: QuerySet[Radiograph], name: str, value: date
    ) -> QuerySet[Radiograph]:
        undated = Q(acquired_on=None, created_at__date__gte=value)
        return radiographs.filter(Q(acquired_on__gte=value) | undated)

    def to_day(
        self, radiographs: QuerySet[Radiograph], name: str, value: date
    ) -> QuerySet[Radiograph]:
        undated = Q(acquired_on=None, created_at__date__lte=value)
        return radiographs.filter(Q(acquired_on__lte=value) | undated)

    def by_me(
        self, radiographs: QuerySet[Radiograph], name: str, value: bool
    ) -> QuerySet[Radiograph]:
        mine = Q(uploader=self.request.user)
        return radiographs.filter(mine if value else ~mine)
