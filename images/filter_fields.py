"""Fields of the list's filters: strict, so that nothing mistyped is silently passed over."""

from typing import TYPE_CHECKING, Any, Final

import django_filters
from django import forms
from django.utils.translation import gettext_lazy as _

from images.models.target import ResultOfTest

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

OLDEST_KEPT: Final = 90  # ages above are kept as 90 (images.decoding.facts)
OLDEST_ASKED: Final = 130
RANGES: Final = (
    ("date_from", "date_to", _("The last day is before the first one.")),
    ("uploaded_from", "uploaded_to", _("The last day is before the first one.")),
    ("age_from", "age_to", _("The highest age is below the lowest one.")),
)
RT_PCR_KNOWN: Final = [*ResultOfTest.choices, ("indeterminate", _("Indeterminate"))]
RT_PCR_RESULTS: Final = [*RT_PCR_KNOWN, ("unknown", _("Unknown"))]
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


class FilterForm(forms.Form):
    """All filters at once: what only shows when two of them are seen together."""

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        for first, last, sentence in RANGES:
            low, high = given.get(first), given.get(last)
            if low is not None and high is not None and high < low:
                self.add_error(last, sentence)
        return given
