"""What people type on the pages of patients."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from images.forms.radiographs import RefusableForm
from images.models import Patient, Sex
from images.models.patient import CODE_MAX_LENGTH, PatientQuerySet


class PatientSearchForm(forms.Form):
    code = forms.CharField(
        label=_("The code begins with"), max_length=CODE_MAX_LENGTH, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    after = forms.UUIDField(required=False, widget=forms.HiddenInput)


class OtherPatientForm(forms.Form):
    """The second of two patients, by code. `patients` are those that it may be."""

    code = forms.CharField(
        label=_("Code of the other patient"), max_length=CODE_MAX_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip

    def __init__(self, *args: Any, patients: PatientQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.patients = patients

    def clean_code(self) -> Patient:
        found = self.patients.filter(code=self.cleaned_data["code"].strip()).first()
        if found is None:
            raise forms.ValidationError(_("Your institution has no other patient with this code."))
        return found


class MergeForm(RefusableForm):
    """The confirmed merge; `sex` is asked where the two differ."""

    FIELD_OF_REFUSAL = {"other-sex-in-merge": "sex"}

    other = forms.UUIDField(widget=forms.HiddenInput)
    sex = forms.ChoiceField(
        label=_("Sex"), required=False, choices=[("", _("Choose one")), *Sex.choices]
    )


class ConsentForm(forms.Form):
    is_withdrawn = forms.TypedChoiceField(
        choices=[("yes", ""), ("no", "")], coerce=lambda word: word == "yes"
    )
