"""What a person says of the confirming test of one target."""

from datetime import date
from typing import Any, Final, cast
from uuid import UUID

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from images.errors import SENTENCES
from images.forms.radiographs import DayInput
from images.models import GroundTruth, Radiograph, Target, TargetClass
from images.services import TruthGiven, truth_given
from images.services.truth_rules import EARLIEST, INDETERMINATE
from images.truth_days import is_before_birth
from images.truth_history import Statement

STATED: Final = ("result", "tested_on", "laboratory", "kit")


class TruthForm(forms.Form):
    """What the confirming test of one target said.

    `seen` is the statement that the person looked at, to which the fields are compared: what they
    left alone is not stated. `expected` carries its key through the browser.
    """

    result = forms.ChoiceField(label=_("Result"), required=False, widget=forms.RadioSelect())
    tested_on = forms.DateField(label=_("Date of the sample"), required=False, widget=DayInput())
    laboratory = forms.CharField(label=_("Laboratory"), max_length=120, required=False)
    kit = forms.CharField(label=_("Test kit"), max_length=120, required=False)
    reason = forms.CharField(
        label=_("Reason of the change"), max_length=300, required=False,
        help_text=_("Why the earlier result was wrong. No names here."),
    )  # fmt: skip
    expected = forms.CharField(required=False, widget=forms.HiddenInput())

    def __init__(
        self,
        data: Any = None,
        *,
        radiograph: Radiograph,
        target: Target,
        seen: GroundTruth | None = None,
        current: GroundTruth | None = None,
    ) -> None:
        super().__init__(data, initial=_shown_first(seen), prefix=target.code)
        self.radiograph, self.target = radiograph, target
        self.current = current
        # Where another person was first: what stands, and what came second.
        self.conflict: tuple[Statement, ...] = ()
        choices = [(each.code, _name_of(each)) for each in target.classes.all()]
        result = cast(forms.ChoiceField, self.fields["result"])
        result.choices = [
            *choices, (INDETERMINATE, _("Indeterminate")), ("", _("Unknown or not done")),
        ]  # fmt: skip
        if current is None:
            del self.fields["reason"]

    def clean_tested_on(self) -> date | None:
        tested_on: date | None = self.cleaned_data["tested_on"]
        code = "" if tested_on is None else _refusal_of(self.radiograph, tested_on)
        if code:
            raise forms.ValidationError(str(SENTENCES[code]), code=code)
        return tested_on

    @property
    def says_something(self) -> bool:
        """False where everything was left as the person found it."""
        return bool({*self.changed_data} & {*STATED})

    def to_given(self) -> TruthGiven:
        """What was said; fields that were not sent at all say nothing."""
        typed = self.cleaned_data
        return truth_given(
            target=self.target,
            result=typed["result"],
            tested_on=typed["tested_on"],
            laboratory=typed["laboratory"] if self._was_sent("laboratory") else None,
            kit=typed["kit"] if self._was_sent("kit") else None,
            reason=typed.get("reason", ""),
        )

    def _was_sent(self, name: str) -> bool:
        return self.add_prefix(name) in self.data


def expected_in(data: Any, target: Target) -> str | None:
    """The word of the hidden field: None where it was not sent, empty where nothing was known."""
    found: str | None = data.get(f"{target.code}-expected")
    return found


def key_in(word: str) -> UUID | None:
    try:
        return UUID(word)
    except ValueError:
        return None


def _shown_first(seen: GroundTruth | None) -> dict[str, Any]:
    if seen is None:
        return {"result": "", "expected": ""}
    result = seen.target_class.code if seen.target_class else ""
    return {
        "result": INDETERMINATE if seen.is_indeterminate else result,
        "tested_on": seen.tested_on,
        "laboratory": seen.laboratory,
        "kit": seen.kit,
        "expected": str(seen.pk),
    }


def _refusal_of(radiograph: Radiograph, tested_on: date) -> str:
    if tested_on > timezone.localdate():
        return "test-in-future"
    if tested_on < EARLIEST:
        return "test-too-early"
    return "test-before-birth" if is_before_birth(radiograph, tested_on) else ""


def _name_of(target_class: TargetClass) -> str:
    if target_class.test_result:
        return str(target_class.get_test_result_display())
    return target_class.name
