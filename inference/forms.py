"""What people send to the pages of predictions."""

from django import forms
from django.utils.translation import gettext_lazy as _

from inference.models import Method


class ExplanationForm(forms.Form):
    """Which heat map is asked for."""

    method = forms.ChoiceField(choices=Method.choices)


class GateOverrideForm(forms.Form):
    """Why an image that the gate stopped is a frontal chest radiograph all the same."""

    reason = forms.CharField(
        label=_("Why is it a frontal chest radiograph?"), min_length=10, max_length=300
    )
