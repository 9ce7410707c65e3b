"""One set of filters for the pages, the API, the exports and the bulk actions."""

from datetime import date
from typing import Any, Final
from uuid import UUID

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Site, User
from accounts.roles import Role
from core.days import Day, day_begins, day_ends
from images import search
from images.filter_fields import (
    ANY,
    OLDEST_KEPT,
    RT_PCR_RESULTS,
    Age,
    FilterForm,
    ThreeWay,
    TrueFalse,
)
from images.models import IncomingFile, Radiograph, Sex, TextState, UploadBatch, View
from images.models.target import RT_PCR_TARGET
from images.pseudonyms import sees_patient_codes

__all__ = ["RT_PCR_RESULTS", "RT_PCR_TARGET", "RadiographFilter", "assignable_to"]

# An empty value means "no filter" in an address, so the unknown view needs a word of its own.
VIEWS = [*((value, label) for value, label in View.choices if value), ("unknown", _("Unknown"))]
SEXES = [*Sex.choices, ("unknown", _("Unknown"))]
FORMATS = [("png", "PNG"), ("jpeg", "JPEG"), ("dicom", "DICOM")]
MODALITIES = [("CR", "CR"), ("DX", "DX"), ("DR", "DR"), ("RG", "RG"), ("OT", "OT")]
TRUTHS = [("known", _("Known")), ("unknown", _("Unknown"))]
CONSENTS = [("given", _("Not withdrawn")), ("withdrawn", _("Withdrawn"))]
ME_OR_NOBODY = [("me", _("Me")), ("nobody", _("Nobody"))]
# They tell of patients or staff, of whom researchers know neither.
FOR_STAFF: Final = ("patient", "assigned", "batch", "writing", "consent")

Radiographs = QuerySet[Radiograph]


def _batches(request: HttpRequest | None) -> QuerySet[UploadBatch]:
    user = getattr(request, "user", None)
    return UploadBatch.objects.visible_to(user) if user else UploadBatch.objects.none()


def assignable_to(user: User) -> QuerySet[User]:
    """People to whom `user` may give radiographs: the staff of the institution."""
    staff: QuerySet[User] = User.objects.filter(is_active=True)
    staff = staff.exclude(role__in=["", Role.RESEARCHER])
    return staff if user.is_platform_wide else staff.filter(site=user.site)


class RadiographFilter(django_filters.FilterSet):
    """Filters of radiographs; to be given the person's own queryset and request.

    Some are there only for those who see patient codes (else they would be a way to guess them),
    `site` only for those who see several institutions. Other rooms add theirs by `contribute`.
    """

    q = django_filters.CharFilter(method="by_words", label=_("Search"), max_length=100)
    patient = django_filters.CharFilter(
        method="by_patient", label=_("Patient code"), max_length=100
    )
    rt_pcr = django_filters.ChoiceFilter(
        choices=RT_PCR_RESULTS, method="by_rt_pcr", label=_("RT-PCR result"), empty_label=ANY
    )
    truth = django_filters.ChoiceFilter(
        choices=TRUTHS, method="by_truth", label=_("Result of any test"), empty_label=ANY
    )
    view = django_filters.ChoiceFilter(
        choices=VIEWS, method="by_view", label=pgettext_lazy("radiograph", "View"), empty_label=ANY
    )
    # The day of the radiograph, or of its upload where that is unknown.
    date_from = Day(method="from_day", label=_("From the day"))
    date_to = Day(method="to_day", label=_("To the day"))
    uploaded_from = Day(method="from_upload", label=_("Uploaded from the day"))
    uploaded_to = Day(method="to_upload", label=_("Uploaded to the day"))
    age_from = Age(method="from_age", label=_("Age from"))
    age_to = Age(method="to_age", label=_("Age to"))
    sex = django_filters.ChoiceFilter(
        choices=SEXES, method="by_sex", label=_("Sex"), empty_label=ANY
    )
    source = django_filters.CharFilter(lookup_expr="icontains", label=_("Source"), max_length=80)
    file_format = django_filters.ChoiceFilter(
        field_name="source_format", choices=FORMATS, label=_("File format"), empty_label=ANY
    )
    modality = django_filters.ChoiceFilter(
        choices=MODALITIES, method="by_modality", label=_("Modality"), empty_label=ANY
    )
    synthetic = TrueFalse(
        field_name="is_synthetic", label=_("Synthetic images"),
        widget=ThreeWay(_("With the others"), _("Only these"), _("Without")),
    )  # fmt: skip
    mine = TrueFalse(
        method="by_me", label=_("Uploaded by"), widget=ThreeWay(_("Anyone"), _("Me"), _("Others"))
    )
    assigned = django_filters.ChoiceFilter(
        choices=ME_OR_NOBODY, method="by_assigned", label=_("Assigned to"), empty_label=_("Anyone")
    )
    writing = django_filters.ChoiceFilter(
        field_name="text_state", choices=TextState.choices, label=_("Writing in the picture"),
        empty_label=ANY,
    )  # fmt: skip
    consent = django_filters.ChoiceFilter(
        choices=CONSENTS, method="by_consent", label=_("Consent"), empty_label=ANY
    )
    copies = TrueFalse(
        method="by_copies", label=_("Near-duplicates"),
        widget=ThreeWay(_("With the others"), _("Only these"), _("Without")),
    )  # fmt: skip
    copy_group = django_filters.UUIDFilter(
        label=_("Group of near-duplicates"), widget=forms.HiddenInput()
    )
    batch = django_filters.ModelChoiceFilter(
        queryset=_batches, method="by_batch", label=_("Batch"), widget=forms.HiddenInput()
    )
    site = django_filters.ModelChoiceFilter(
        queryset=Site.objects.all(), to_field_name="code", label=_("Institution"), empty_label=ANY
    )

    class Meta:
        model = Radiograph
        fields: tuple[str, ...] = ()
        form = FilterForm

    @classmethod
    def contribute(cls, name: str, given: django_filters.Filter) -> None:
        """Add a filter of a room that this one may not know; called while the rooms start."""
        cls.base_filters[name] = given  # type: ignore[attr-defined]

    def __init__(
        self,
        data: Any = None,
        queryset: Radiographs | None = None,
        *,
        request: HttpRequest | None = None,
        prefix: str | None = None,
    ) -> None:
        super().__init__(data, queryset, request=request, prefix=prefix)
        user: User | None = getattr(request, "user", None)
        # Without a person (the generation of the API's schema) all filters are named.
        if user is not None and user.is_authenticated:
            self.user = user
            self._keep_for(user)

    def _keep_for(self, user: User) -> None:
        if not sees_patient_codes(user):
            for name in FOR_STAFF:
                del self.filters[name]
        else:
            self._offer_people(user)
        if not user.is_platform_wide:
            del self.filters["site"]

    def _offer_people(self, user: User) -> None:
        assigned = self.filters["assigned"]
        assigned.extra["choices"] = lambda: [
            *ME_OR_NOBODY,
            *((str(person.pk), str(person)) for person in assignable_to(user)),
        ]
        # What a filter of the class once built, for the API's schema say, its copies go on using.
        vars(assigned).pop("_field", None)

    def by_words(self, radiographs: Radiographs, name: str, value: str) -> Radiographs:
        return radiographs.filter(search.matching(value, self.user))

    def by_patient(self, radiographs: Radiographs, name: str, value: str) -> Radiographs:
        return radiographs.filter(search.of_patients(value, self.user))

    def by_rt_pcr(self, radiographs: Radiographs, name: str, value: str) -> Radiographs:
        return radiographs.filter(rt_pcr="" if value == "unknown" else value)

    def by_truth(self, radiographs: Radiographs, name: str, value: str) -> Radiographs:
        return radiographs.filter(is_confirmed=value == "known")

    def by_view(self, radiographs: Radiographs, name: str, value: str) -> Radiographs:
        return radiographs.filter(view=View.UNKNOWN if value == "unknown" else value)

    def from_day(self, radiographs: Radiographs, name: str, value: date) -> Radiographs:
        undated = Q(acquired_on=None, created_at__gte=day_begins(value))
        return radiographs.filter(Q(acquired_on__gte=value) | undated)

    def to_day(self, radiographs: Radiographs, name: str, value: date) -> Radiographs:
        undated = Q(acquired_on=None, created_at__lte=day_ends(value))
        return radiographs.filter(Q(acquired_on__lte=value) | undated)

    def from_upload(self, radiographs: Radiographs, name: str, value: date) -> Radiographs:
        return radiographs.filter(created_at__gte=day_begins(value))

    def to_upload(self, radiographs: Radiographs, name: str, value: date) -> Radiographs:
        return radiographs.filter(created_at__lte=day_ends(value))

    def from_age(self, radiographs: Radiographs, name: str, value: int) -> Radiographs:
        return radiographs.filter(age_years__gte=min(value, OLDEST_KEPT))

    def to_age(self, radiographs: Radiographs, name: str, value: int) -> Radiographs:
        return radiographs.filter(age_years__lte=value)

    def by_sex(self, radiographs: Radiographs, name: str, value: str) -> Radiographs:
        return radiographs.filter(
            search.with_patients(self.user, sex="" if value == "unknown" else value)
        )

    def by_modality(self, radiographs: Radiographs, name: str, value: str) -> Radiographs:
        return radiographs.filter(source_format="dicom", dicom_facts__modality=value)

    def by_me(self, radiographs: Radiographs, name: str, value: bool) -> Radiographs:
        mine = Q(uploader=self.user)
        return radiographs.filter(mine if value else ~mine)

    def by_assigned(self, radiographs: Radiographs, name: str, value: str) -> Radiographs:
        if value == "nobody":
            return radiographs.filter(assigned_to=None)
        return radiographs.filter(assigned_to=self.user.pk if value == "me" else UUID(value))

    def by_consent(self, radiographs: Radiographs, name: str, value: str) -> Radiographs:
        return radiographs.filter(
            search.with_patients(self.user, consent_withdrawn_at__isnull=value == "given")
        )

    def by_copies(self, radiographs: Radiographs, name: str, value: bool) -> Radiographs:
        # Only copies that the person may see: another institution's are not theirs to know of.
        copies = Radiograph.objects.visible_to(self.user).kept()
        others = copies.filter(copy_group=OuterRef("copy_group")).exclude(pk=OuterRef("pk"))
        shown = Q(copy_group__isnull=False) & Q(Exists(others))
        return radiographs.filter(shown if value else ~shown)

    def by_batch(self, radiographs: Radiographs, name: str, value: UploadBatch) -> Radiographs:
        return radiographs.filter(
            pk__in=IncomingFile.objects.filter(batch=value).values("radiograph")
        )
