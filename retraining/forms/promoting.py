"""What people say when they put a model in service, take it back, or try it."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from images.models import Target
from inference.models import DeployedModel, Duty

REASON_LENGTH = 200


class ExpectedForm(forms.Form):
    """`expected`: the model that the page showed in service; empty where none was."""

    expected = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, target: Target, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.target = target

    def clean_expected(self) -> DeployedModel | None:
        key: UUID | None = self.cleaned_data["expected"]
        if key is None:
            return None
        served = DeployedModel.objects.filter(target=self.target, duty=Duty.LIVE, pk=key).first()
        if served is None:
            raise forms.ValidationError(_("This model never served here."))
        return served


class PromoteForm(ExpectedForm):
    reason = forms.CharField(
        label=_("Reason"), max_length=REASON_LENGTH, help_text=_("Why it is to serve. No names.")
    )
    repredicts = forms.BooleanField(
        label=_("Answer again for the radiographs that are here already"), required=False,
        help_text=_("From stored features, in the background. What was answered before is kept."),
    )  # fmt: skip


class RollbackForm(ExpectedForm):
    reason = forms.CharField(label=_("Reason"), max_length=REASON_LENGTH, required=False)
    repredicts = forms.BooleanField(
        label=_("Answer again for the radiographs that are here already"), required=False
    )


class ShadowForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=REASON_LENGTH, required=False)
