"""What the viewer asks for."""

from typing import Final

from django import forms

from images.windowing import Window

# Sizes of a film that is shown smaller; a link of 256 kbit/s brings the first in half a minute.
SIDES: Final = (1024, 2048, 4096)
# Stored values have 16 bits at most; a window may lie outside of them, but not absurdly far.
FARTHEST: Final = 1_000_000


class WindowForm(forms.Form):
    """Centre and width come together, or not at all: then the film is shown as it is stored."""

    centre = forms.FloatField(required=False, min_value=-FARTHEST, max_value=FARTHEST)
    width = forms.FloatField(required=False, min_value=1, max_value=FARTHEST)
    invert = forms.BooleanField(required=False)
    side = forms.TypedChoiceField(
        required=False, coerce=int, empty_value=None, choices=[(side, side) for side in SIDES]
    )

    def clean(self) -> None:
        if (self.cleaned_data.get("centre") is None) != (self.cleaned_data.get("width") is None):
            self.add_error(None, "centre and width")

    @property
    def window(self) -> Window | None:
        centre, width = self.cleaned_data["centre"], self.cleaned_data["width"]
        return None if centre is None else Window(centre, width)

    @property
    def key(self) -> str:
        """Equal for requests that give equal pictures of a film."""
        names = ("centre", "width", "invert", "side")
        return " ".join(str(self.cleaned_data[name]) for name in names)
