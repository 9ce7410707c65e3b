"""One set of filters of the record of deeds, for its page, the API and its export."""

from datetime import date
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.audit_entry import Way
from accounts.audit_reading import Entries, past
from accounts.audit_words import SUBJECTS
from accounts.models import AuditEntry, Deed, Site, User
from accounts.roles import Role
from core.days import Day, day_begins, day_ends


def people_of(request: HttpRequest | None) -> QuerySet[User]:
    """Whose deeds the reader may ask for: people they keep, and those of the whole platform."""
    reader: User | None = getattr(request, "user", None)
    people: QuerySet[User] = User.objects.exclude(role="", approved_at=None)
    if reader is None or not reader.is_authenticated:
        return people.none()
    if not reader.is_platform_wide:
        people = people.filter(Q(site=reader.site_id) | Q(site=None, role=Role.ADMINISTRATOR))
    return people


class AuditForm(forms.Form):
    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        first, last = given.get("day_from"), given.get("day_to")
        if first and last and last < first:
            self.add_error("day_to", _("The last day is before the first one."))
        return given


class AuditFilter(django_filters.FilterSet):
    """To be given the reader's own queryset and request."""

    person = django_filters.ModelChoiceFilter(
        field_name="actor", queryset=people_of, label=_("Person"), empty_label=_("Anyone")
    )
    deed = django_filters.ChoiceFilter(
        choices=Deed.choices, label=_("What was done"), empty_label=_("Anything")
    )
    subject = django_filters.ChoiceFilter(
        choices=list(SUBJECTS.items()), label=_("To what"), empty_label=_("Anything")
    )
    way = django_filters.ChoiceFilter(
        choices=Way.choices, label=_("By which way"), empty_label=_("Any")
    )
    day_from = Day(method="from_day", label=_("From the day"))
    day_to = Day(method="to_day", label=_("To the day"))
    radiograph = django_filters.UUIDFilter(
        field_name="subject_id", label=_("Key of what it was done to"), widget=forms.HiddenInput()
    )
    patient = django_filters.UUIDFilter(
        field_name="patient_id", label=_("Key of the patient"), widget=forms.HiddenInput()
    )
    site = django_filters.ModelChoiceFilter(
        queryset=Site.objects.all(), to_field_name="code", label=_("Institution"),
        empty_label=_("Any"),
    )  # fmt: skip

    class Meta:
        model = AuditEntry
        fields: tuple[str, ...] = ()
        form = AuditForm

    def __init__(
        self,
        data: Any = None,
        queryset: Entries | None = None,
        *,
        request: HttpRequest | None = None,
        prefix: str | None = None,
    ) -> None:
        super().__init__(data, queryset, request=request, prefix=prefix)
        reader: User | None = getattr(request, "user", None)
        if reader is not None and reader.is_authenticated and not reader.is_platform_wide:
            del self.filters["site"]

    def from_day(self, entries: Entries, name: str, value: date) -> Entries:
        return entries.filter(created_at__gte=day_begins(value))

    def to_day(self, entries: Entries, name: str, value: date) -> Entries:
        return entries.filter(created_at__lte=day_ends(value))

    def after(self, last: AuditEntry | None = None) -> Entries:
        """What matches, newest first; with `last` what is older. The filters are valid.

        Behind `last` the last day says nothing more: a second bound upon the moment would keep
        SQLite from beginning in the middle of its index.
        """
        rows = self.queryset
        for name, value in self.form.cleaned_data.items():
            if last is None or name != "day_to":
                rows = self.filters[name].filter(rows, value)
        return past(rows, last) if last is not None else rows

    @property
    def in_force(self) -> list[str]:
        """Names of the filters that are used."""
        return sorted(self.form.changed_data)
