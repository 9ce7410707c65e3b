"""What people send about writing in the picture: which boxes, and which verdict."""

from collections.abc import Mapping
from typing import Any, Final, cast

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from images.burned_in import Box
from images.models import Radiograph
from images.models.radiograph import RadiographQuerySet

MOST_BOXES: Final = 100
SIDES: Final = {
    "left": pgettext_lazy("rectangle", "Left"),
    "top": pgettext_lazy("rectangle", "Top"),
    "width": pgettext_lazy("rectangle", "Width"),
    "height": pgettext_lazy("rectangle", "Height"),
}


class BoxForm(forms.Form):
    """One rectangle, in pixels of the whole picture; it may reach over the edge."""

    def __init__(self, *args: Any, radiograph: Radiograph, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        w, h = radiograph.width, radiograph.height
        bounds = {"left": (0, w - 1), "top": (0, h - 1), "width": (1, w), "height": (1, h)}
        for side, (least, most) in bounds.items():
            self.fields[side] = forms.IntegerField(
                label=SIDES[side], min_value=least, max_value=most,
                widget=forms.NumberInput(attrs={"class": "form-control form-control-sm"}),
            )  # fmt: skip


class Boxes(BaseFormSet[BoxForm]):
    """The rectangles of one radiograph; an empty row is none."""

    def chosen(self) -> list[Box]:
        """What is to be covered, once the form is valid."""
        kept = [form.cleaned_data for form in self.forms if form not in self.deleted_forms]
        return [[typed[side] for side in SIDES] for typed in kept if typed.get("width")]


def boxes_form(radiograph: Radiograph, data: Mapping[str, Any] | None = None) -> Boxes:
    """With the boxes that were found, and two empty rows for whoever has no script."""
    kind = formset_factory(
        BoxForm, formset=Boxes, extra=2, can_delete=True, max_num=MOST_BOXES, validate_max=True
    )
    found = [dict(zip(SIDES, box, strict=True)) for box in radiograph.text_boxes]
    # The factory forgets which formset it was given.
    return cast(
        "Boxes",
        kind(data, initial=found, form_kwargs={"radiograph": radiograph}, prefix="box"),
    )


class VerdictForm(forms.Form):
    """What a person decided about one radiograph."""

    verdict = forms.ChoiceField(choices=[("harmless", ""), ("cover", "")])


class ChosenForm(forms.Form):
    """Those of a list that a person looked at together."""

    chosen = forms.ModelMultipleChoiceField(
        queryset=Radiograph.objects.none(),
        error_messages={"required": _("Choose at least one radiograph.")},
    )

    def __init__(self, *args: Any, radiographs: RadiographQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["chosen"]
        assert isinstance(field, forms.ModelMultipleChoiceField)  # noqa: S101  (for the types)
        field.queryset = radiographs
