"""A question that an administrator defines, with its answers."""

from collections.abc import Iterator
from typing import Any, Final

from django import forms
from django.core.validators import validate_slug
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from retraining.services.targets import (
    FEWEST_CLASSES,
    MOST_CLASSES,
    RESERVED,
    NewClass,
    TargetRefused,
)

CODE_HELP: Final = _("Short, for addresses and files: letters, digits and hyphens.")
PARTS: Final = ("code", "name_es", "name_en")


class TargetForm(forms.Form):
    """Fields of the answers are `class_0_code`, `class_0_name_es`, ...; empty rows are left out."""

    SENTENCES: Final = {
        "code-taken": ("code", _("There is a target with this code already.")),
        "code-reserved": ("code", _("This word has another use in addresses: choose another.")),
        "classes": (None, _("A target has two to eight answers.")),
        "positive": ("positive", _("Choose which one of the answers is the positive one.")),
        "class-twice": (None, _("Two answers have the same code.")),
    }

    code = forms.SlugField(label=_("Code"), max_length=40, help_text=CODE_HELP)
    name_es = forms.CharField(label=_("Name in Spanish"), max_length=120)
    name_en = forms.CharField(label=_("Name in English"), max_length=120)
    confirming_test = forms.CharField(
        label=_("Confirming test"), max_length=60,
        help_text=_("Which test has the last word, for example RT-PCR or GeneXpert."),
    )  # fmt: skip
    positive = forms.TypedChoiceField(
        label=_("Positive answer"), coerce=int, widget=forms.RadioSelect,
        error_messages={"required": SENTENCES["positive"][1]},
    )  # fmt: skip

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        labels = (_("Code"), _("Name in Spanish"), _("Name in English"))
        for number in range(MOST_CLASSES):
            for part, label in zip(PARTS, labels, strict=True):
                length = 40 if part == "code" else 120
                self.fields[f"class_{number}_{part}"] = forms.CharField(
                    label=label, max_length=length, required=number < FEWEST_CLASSES,
                    validators=[validate_slug] if part == "code" else [],
                )  # fmt: skip
        self.fields["positive"].choices = [  # type: ignore[attr-defined]
            (number, _("Answer %(number)d") % {"number": number + 1})
            for number in range(MOST_CLASSES)
        ]

    def rows(self) -> Iterator[tuple[int, list[BoundField]]]:
        """The fields of each answer, numbered from 1, for the page."""
        for number in range(MOST_CLASSES):
            yield number + 1, [self[f"class_{number}_{part}"] for part in PARTS]

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"].lower()
        if code in RESERVED:
            raise forms.ValidationError(str(self.SENTENCES["code-reserved"][1]))
        return code

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        used = [number for number in range(MOST_CLASSES) if any(self._row(given, number))]
        for number in used:
            for part, text in zip(PARTS, self._row(given, number), strict=True):
                name = f"class_{number}_{part}"
                if not text and name not in self.errors:
                    self.add_error(name, self.fields[name].error_messages["required"])
        if "positive" in given and given["positive"] not in used:
            self.refuse(TargetRefused("positive"))
        codes = [given.get(f"class_{number}_code") for number in used]
        if len(set(codes)) != len(codes):
            self.refuse(TargetRefused("class-twice"))
        given["classes"] = [
            NewClass(code, name_es, name_en, is_positive=number == given.get("positive"))
            for number in used
            for code, name_es, name_en in [self._row(given, number)]
        ]
        return given

    def refuse(self, refusal: TargetRefused) -> None:
        """Show the sentence at the field it is about."""
        field, sentence = self.SENTENCES[refusal.code]
        self.add_error(field, str(sentence))

    def to_service(self) -> dict[str, Any]:
        """Keyword arguments of `create_target`, but for who."""
        names = ("code", "name_es", "name_en", "confirming_test", "classes")
        return {name: self.cleaned_data[name] for name in names}

    @staticmethod
    def _row(given: dict[str, Any], number: int) -> list[str]:
        return [given.get(f"class_{number}_{part}") or "" for part in PARTS]
