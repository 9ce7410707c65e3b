"""A laboratory's table as a person sends it, and what they ask to be done with it."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from images.forms.tables import TableForm
from images.services.laboratory_writing import (
    CORRECT,
    LEAVE,
    REASON_MAX_LENGTH,
    Asked,
    Conflicts,
)


class LaboratoryForm(TableForm):
    """A CSV or XLSX file of results, of one institution."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, batch=None, **kwargs)

    def to_service(self) -> dict[str, Any]:
        """Keyword arguments of `receive_results`. Raises TableRefused."""
        said = super().to_service()
        del said["batch"]
        return said


class WritingForm(forms.Form):
    """What a table with refused rows or conflicts needs to be written; nothing is ticked before."""

    writes_rest = forms.BooleanField(
        label=_("Write the rest all the same"), required=False,
        help_text=_("Refused rows stay out."),
    )  # fmt: skip
    conflicts = forms.ChoiceField(
        label=_("Rows that say something else than what stands"),
        choices=[
            (LEAVE, _("Leave what stands")),
            (CORRECT, _("Correct what stands")),
        ],
        widget=forms.RadioSelect, required=False,
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Reason of the correction"), max_length=REASON_MAX_LENGTH, required=False,
        help_text=_("It is kept with each corrected result. Never a patient's name."),
    )  # fmt: skip

    def __init__(self, *args: Any, counts: dict[str, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not counts.get("refused"):
            del self.fields["writes_rest"]
        if not counts.get("conflict"):
            del self.fields["conflicts"]
            del self.fields["reason"]

    def to_service(self) -> Asked:
        said = self.cleaned_data
        return Asked(
            writes_rest=bool(said.get("writes_rest")),
            conflicts=cast(Conflicts, said.get("conflicts") or ""),
            reason=str(said.get("reason") or ""),
        )

    def refuse(self, code: str, sentence: str) -> None:
        """Show why nothing was written at the field that would have asked for it."""
        about = {
            "rows-refused": "writes_rest", "conflicts-open": "conflicts", "no-reason": "reason",
        }.get(code)  # fmt: skip
        self.add_error(about if about in self.fields else None, sentence)
