"""What the reading page sends about one case."""

from typing import Any, Final
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from inference.models import Prediction
from reading.models import Disagreement, Finding, ModelVerdict, RadiologicalReading

NOTE_LENGTH: Final = 500
REASON_LENGTH: Final = 300
# One page holds fewer cases at once.
MOST_HELD: Final = 12
# Longer is a page that was left open, not a reading.
LONGEST_SECONDS: Final = 24 * 3600.0


class HeldForm(forms.Form):
    """Cases that a page has, by key; what is no key is passed over."""

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.words = data.getlist("case")[:MOST_HELD]

    def clean(self) -> dict[str, Any]:
        return {"cases": [key for key in map(_key, self.words) if key]}

    @property
    def cases(self) -> list[UUID]:
        self.is_valid()
        return list(self.cleaned_data["cases"])


class DraftForm(forms.Form):
    """What is typed and not saved yet: may be nothing at all."""

    finding = forms.ChoiceField(choices=Finding.choices, required=False)
    note = forms.CharField(max_length=NOTE_LENGTH, required=False)

    def to_draft(self) -> dict[str, str]:
        return {name: text for name, text in self.cleaned_data.items() if text}


class AnswerForm(forms.Form):
    """`expected`: the reading that the page shows as the reader's own, where there is one."""

    finding = forms.ChoiceField(choices=Finding.choices)
    note = forms.CharField(max_length=NOTE_LENGTH, required=False)
    seconds = forms.FloatField(required=False, min_value=0)
    expected = forms.UUIDField(required=False)

    def clean_seconds(self) -> float | None:
        seconds: float | None = self.cleaned_data["seconds"]
        return None if seconds is None else min(seconds, LONGEST_SECONDS)


class VerdictForm(forms.Form):
    """A disagreement names its reason, an agreement has none."""

    verdict = forms.ChoiceField(choices=ModelVerdict.choices)
    disagreement = forms.ChoiceField(choices=Disagreement.choices, required=False)
    prediction = forms.ModelChoiceField(Prediction.objects.none())

    def __init__(self, data: Any, *, reading: RadiologicalReading) -> None:
        super().__init__(data)
        shown = Prediction.objects.filter(radiograph=reading.radiograph_id)
        self.fields["prediction"].queryset = shown  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        disagrees = given.get("verdict") == ModelVerdict.DISAGREES
        if disagrees != bool(given.get("disagreement")):
            raise forms.ValidationError(_("Who disagrees gives a reason, who agrees gives none."))
        return given


class FlagForm(forms.Form):
    reason = forms.CharField(max_length=REASON_LENGTH)


def _key(word: str) -> UUID | None:
    try:
        return UUID(word)
    except ValueError:
        return None
