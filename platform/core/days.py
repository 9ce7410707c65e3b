"""Filters by day: strict, so that nothing mistyped is silently passed over."""

from datetime import date, datetime, time
from typing import Any, Final

import django_filters
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

DAYS: Final = (
    MinValueValidator(date(1900, 1, 1), _("The year is too early: check it.")),
    MaxValueValidator(date(2199, 12, 31), _("The year is too late: check it.")),
)


class Day(django_filters.DateFilter):
    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(widget=widget, validators=DAYS, **options)


def day_begins(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def day_ends(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.max))
