"""What people type about radiographs."""

from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Site, User
from accounts.roles import Capability
from images.decoding import Unreadable
from images.errors import Refused, StorageFull
from images.filter_fields import RT_PCR_KNOWN
from images.filters import RT_PCR_TARGET
from images.models import Radiograph, Sex, Target, View
from images.models.patient import CODE_MAX_LENGTH, valid_code
from images.services import Changes, TruthGiven, patient_of, truth_given

OLDEST_TYPED = 130
# For the browser's file dialog only: the content decides.
ACCEPTED = ".png,.jpg,.jpeg,.dcm,image/png,image/jpeg,application/dicom"


class DayInput(forms.DateInput):
    """The browser's own calendar, which speaks ISO 8601 in every language."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class RefusableForm(forms.Form):
    """A form that also shows what the services refused."""

    FIELD_OF_REFUSAL = {
        "bad-name": "file",
        "bad-patient-code": "patient_code",
        "other-sex": "sex",
        "film-in-future": "acquired_on",
        "test-in-future": "tested_on",
        "test-too-early": "tested_on",
        "test-before-birth": "tested_on",
    }

    def refuse(self, refusal: Unreadable | Refused | StorageFull) -> None:
        """Show the sentence at the field it is about."""
        default = "file" if isinstance(refusal, Unreadable) else None
        field = self.FIELD_OF_REFUSAL.get(refusal.code, default)
        # A file cut off on its way is missing here, but "missing" is not what the person did wrong.
        for code in ("file", field):
            self.errors.pop(code or "", None)
        self.add_error(field if field in self.fields else None, str(refusal.sentence))


class FactsForm(RefusableForm):
    """The facts beside the pixels."""

    patient_code = forms.CharField(
        label=_("Patient code"),
        max_length=CODE_MAX_LENGTH,
        validators=[valid_code],
        help_text=_(
            "Your institution's pseudonym for the patient. Never a name or a document number."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    sex = forms.ChoiceField(
        label=_("Sex"), choices=[("", _("Unknown")), *Sex.choices], required=False
    )
    age_years = forms.IntegerField(
        label=_("Age in years"), min_value=0, max_value=OLDEST_TYPED, required=False,
        help_text=_("Over 89 is kept as 90."),
    )  # fmt: skip
    view = forms.ChoiceField(
        label=pgettext_lazy("radiograph", "View"), choices=View.choices, required=False
    )
    acquired_on = forms.DateField(
        label=_("Date of the radiograph"), required=False, widget=DayInput()
    )


class UploadForm(FactsForm):
    """One new radiograph. The RT-PCR result is asked only of those who may state it."""

    file = forms.FileField(
        label=_("Radiograph"),
        # Empty files go on to the decoder, which has the better sentence.
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ACCEPTED}),
    )
    site = forms.ModelChoiceField(
        label=_("Institution"), queryset=Site.objects.all(), empty_label=_("Choose one")
    )
    rt_pcr = forms.ChoiceField(
        label=_("RT-PCR result"),
        required=False,
        choices=[("", _("Unknown")), *RT_PCR_KNOWN],
    )
    tested_on = forms.DateField(label=_("Date of the test"), required=False, widget=DayInput())

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.max_bytes = settings.MAX_RADIOGRAPH_BYTES
        if not user.is_platform_wide:
            del self.fields["site"]
        if not user.can(Capability.STATE_TRUTH):
            del self.fields["rt_pcr"], self.fields["tested_on"]

    @property
    def asks_truth(self) -> bool:
        return "rt_pcr" in self.fields

    def to_service(self) -> dict[str, Any]:
        """Keyword arguments of `store_radiograph`. Raises Refused."""
        typed = self.cleaned_data
        return {
            "stream": typed["file"],
            "patient": patient_of(
                # Only people of the whole platform have no institution, and they choose one.
                site=cast(Site, typed.get("site") or self.user.site),
                code=typed["patient_code"],
                sex=typed["sex"],
            ),
            "uploader": self.user,
            "view": typed["view"],
            "acquired_on": typed["acquired_on"],
            "age_years": typed["age_years"],
            "truths": [self._rt_pcr()] if self.asks_truth else [],
        }

    def _rt_pcr(self) -> TruthGiven:
        return truth_given(
            target=Target.objects.get(code=RT_PCR_TARGET),
            result=self.cleaned_data["rt_pcr"],
            tested_on=self.cleaned_data["tested_on"],
        )


class EditForm(FactsForm):
    """Corrections of a stored radiograph."""

    source = forms.CharField(
        label=_("Source"), max_length=80, required=False,
        help_text=_("The equipment or collection that it comes from."),
    )  # fmt: skip
    notes = forms.CharField(
        label=_("Notes"), max_length=500, required=False,
        help_text=_("No names here either."), widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip

    @staticmethod
    def facts_of(radiograph: Radiograph) -> dict[str, Any]:
        """What the form shows first."""
        names = ("age_years", "view", "acquired_on", "source", "notes")
        facts: dict[str, Any] = {name: getattr(radiograph, name) for name in names}
        patient = radiograph.patient
        return facts | {"patient_code": patient.code, "sex": patient.sex}

    def to_changes(self) -> Changes:
        return Changes(**self.cleaned_data)
