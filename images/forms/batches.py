"""What is asked before a batch is sent. The page hands it to the API, which checks it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Site, User
from images.models import PatientRule
from images.models.patient import CODE_MAX_LENGTH, valid_code


class BatchForm(forms.Form):
    """The choices of a new batch; `site` is asked of people of the whole platform only."""

    site = forms.ModelChoiceField(
        label=_("Institution"), queryset=Site.objects.all(), to_field_name="code",
        empty_label=_("Choose one"),
    )  # fmt: skip
    patient_rule = forms.ChoiceField(
        label=_("Whose radiographs are these?"), choices=PatientRule.choices,
        help_text=_("Where neither a table nor the DICOM file itself says it."),
    )  # fmt: skip
    patient_code = forms.CharField(
        label=_("Patient code"), max_length=CODE_MAX_LENGTH, validators=[valid_code],
        required=False,
        help_text=_(
            "Your institution's pseudonym for the patient. Never a name or a document number."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    keep_files = forms.BooleanField(
        label=_("Keep the files in this browser until they have arrived"),
        required=False, initial=True,
        help_text=_(
            "So a closed tab can go on later. Untick it on a computer that strangers use."
        ),
    )  # fmt: skip

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not user.is_platform_wide:
            del self.fields["site"]
