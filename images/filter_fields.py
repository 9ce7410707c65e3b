"""Fields of the list's filters: strict, so that nothing mistyped is silently passed over."""

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Final

import django_filters
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from images.models.target import ResultOfTest

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

OLDEST_KEPT: Final = 90  # ages above are kept as 90 (images.decoding.facts)
OLDEST_ASKED: Final = 130
DAYS: Final = (
    MinValueValidator(date(1900, 1, 1), _("The year is too early: check it.")),
    MaxValueValidator(date(2199, 12, 31), _("The year is too late: check it.")),
)
RANGES: Final = (
    ("date_from", "date_to", _("The last day is before the first one.")),
    ("uploaded_from", "uploaded_to", _("The last day is before the first one.")),
    ("age_from", "age_to", _("The highest age is below the lowest one.")),
)
RT_PCR_RESULTS: Final = [*ResultOfTest.choices, ("unknown", _("Unknown"))]
ANY: Final = _("Any")


class ThreeWay(forms.NullBooleanSelect):
    """No filter, true or false, in words that fit the question."""

    def __init__(self, *words: Any) -> None:
        super().__init__()
        self.choices = list(zip(("", "true", "false"), words, strict=True))

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.get(name)  # as it was sent: the field judges it


class StrictBoolean(forms.NullBooleanField):
    WORDS: Final = {"true": True, "false": False, "1": True, "0": False}

    def to_python(self, value: Any) -> bool | None:  # type: ignore[override]
        if value in (None, "", True, False):
            return None if value in (None, "") else bool(value)
        try:
            return self.WORDS[str(value).lower()]
        except KeyError:
            raise forms.ValidationError(_("Write true or false.")) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return data not in (None, "")


class TrueFalse(django_filters.BooleanFilter):
    field_class = StrictBoolean


class Age(django_filters.Filter):
    field_class = forms.IntegerField

    def __init__(self, *, method: str, label: "StrOrPromise") -> None:
        super().__init__(method=method, label=label, min_value=0, max_value=OLDEST_ASKED)


class Day(django_filters.DateFilter):
    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(widget=widget, validators=DAYS, **options)


class FilterForm(forms.Form):
    """All filters at once: what only shows when two of them are seen together."""

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        for first, last, sentence in RANGES:
            low, high = given.get(first), given.get(last)
            if low is not None and high is not None and high < low:
                self.add_error(last, sentence)
        return given


def day_begins(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def day_ends(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.max))
