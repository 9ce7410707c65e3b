"""What people choose and type on the pages about labels."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from images.models import Target
from retraining.models import SuspectState, Suspicion

REASONS = {
    Suspicion.LOSS: _("The heads disagree"),
    Suspicion.COPIES: _("A near-duplicate disagrees"),
    Suspicion.CHANGED: _("Changed after training"),
}


class SuspectFilterForm(forms.Form):
    """Everything is optional: what is not understood counts as not said."""

    state = forms.ChoiceField(label=_("Status"), choices=SuspectState.choices, required=False)
    reason = forms.ChoiceField(
        label=_("Reason"), choices=[("", _("All")), *REASONS.items()], required=False
    )
    target = forms.ModelChoiceField(
        label=_("Question"), queryset=Target.objects.none(), required=False, empty_label=_("All")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        target = cast("forms.ModelChoiceField[Target]", self.fields["target"])
        target.queryset = Target.objects.filter(is_active=True)

    def asked(self) -> dict[str, Any]:
        self.is_valid()
        given = getattr(self, "cleaned_data", {})
        asked = {name: given.get(name) or None for name in ("state", "reason", "target")}
        return asked | {"state": asked["state"] or SuspectState.OPEN.value}


class CheckForm(forms.Form):
    target = forms.ModelChoiceField(queryset=Target.objects.filter(is_active=True))


class KeepForm(forms.Form):
    """The label stands; why, if somebody wants to say it."""

    note = forms.CharField(label=_("Note"), max_length=300, required=False)
