"""When a question is retrained without being asked for, as the page sends it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from inference.ml.extractor import EXTRACTORS
from retraining.architecture_words import EXTRACTOR_NAMES, NAMES
from retraining.ml.architectures import ARCHITECTURES
from retraining.models import RetrainingPlan
from retraining.services.scheduling import FIELDS, NO_OCCASION


class PlanForm(forms.ModelForm[RetrainingPlan]):
    architecture = forms.ChoiceField(label=_("Architecture"))
    extractor = forms.ChoiceField(
        label=_("Extractor"), required=False,
        help_text=_("Where a head reads. A whole network brings its own."),
    )  # fmt: skip

    class Meta:
        model = RetrainingPlan
        fields = FIELDS
        help_texts = {
            "every_days": _("7 is weekly. Nothing trains where no case was added or changed."),
            "promotes": _(
                "Without it a person decides. With it every rule of promotion holds all the same."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["architecture"].choices = [  # type: ignore[attr-defined]
            (code, NAMES.get(code, code)) for code in ARCHITECTURES
        ]
        shared = [code for code, each in EXTRACTORS.items() if not getattr(each, "travels", False)]
        self.fields["extractor"].choices = [  # type: ignore[attr-defined]
            ("", _("The usual one")),
            *((code, EXTRACTOR_NAMES.get(code, code)) for code in shared),
        ]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("is_on") and not (given.get("every_days") or given.get("after_cases")):
            raise forms.ValidationError(NO_OCCASION)
        architecture = ARCHITECTURES.get(given.get("architecture", ""))
        if architecture is not None and architecture.backbone:
            given["extractor"] = ""
        return given
