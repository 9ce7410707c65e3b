"""The rules of a worklist, as its page sends them."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from reading.models import ReadingList
from reading.services.rules import MOST_READINGS


class WorklistRulesForm(forms.Form):
    readings_needed = forms.IntegerField(
        min_value=1,
        max_value=MOST_READINGS,
        label=_("Readings of each case"),
        help_text=_("By different people; nobody sees what the others found before reading."),
    )
    hides_model = forms.BooleanField(
        required=False, label=_("Hide the model's answer until the reader has answered")
    )

    def __init__(self, data: Any = None, *, reading_list: ReadingList) -> None:
        initial = {
            "readings_needed": reading_list.readings_needed,
            "hides_model": reading_list.hides_model,
        }
        super().__init__(data, initial=initial)
