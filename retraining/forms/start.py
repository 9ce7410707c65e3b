"""How a training is asked for: an architecture, where it reads, what differs from its recipe."""

from collections.abc import Iterable
from typing import Any, Final, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from retraining.architecture_words import (
    BALANCES,
    OPTIMIZERS,
    SETTINGS,
    architecture_choices,
    extractor_choices,
    recipe_choices,
)
from retraining.ml.architectures import SETTABLE, USUAL_EXTRACTOR, architecture_of

AS_THE_RECIPE: Final = gettext_lazy("As the recipe says")
_PERCENT: Final = ("sensitivity", "error_rate")


class ChoiceOfModel(forms.Form):
    """Which architecture, and which extractor; what is not said is the usual one."""

    architecture = forms.ChoiceField(label=gettext_lazy("Architecture"), initial="covid-xr-c")
    extractor = forms.ChoiceField(
        label=gettext_lazy("Extractor"),
        required=False,
        help_text=gettext_lazy("What turns a film into numbers. A whole network brings its own."),
        initial=USUAL_EXTRACTOR,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("architecture", architecture_choices())
        self._offer("extractor", extractor_choices())

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        code = given.get("architecture")
        if code and (architecture_of(code).backbone or not given.get("extractor")):
            given["extractor"] = "" if architecture_of(code).backbone else USUAL_EXTRACTOR
        return given

    def _offer(self, name: str, choices: Iterable[Any]) -> None:
        cast("forms.ChoiceField", self.fields[name]).choices = list(choices)


class StartForm(ChoiceOfModel):
    """Everything below the recipe is optional: left empty, the recipe's own value holds."""

    recipe = forms.ChoiceField(label=SETTINGS["recipe"], required=False, initial="default")
    epochs = forms.IntegerField(
        label=SETTINGS["epochs"], required=False, min_value=1, max_value=500
    )
    batch_size = forms.IntegerField(
        label=SETTINGS["batch_size"], required=False, min_value=2, max_value=1024
    )
    learning_rate = forms.FloatField(
        label=SETTINGS["learning_rate"], required=False, min_value=1e-7, max_value=1.0
    )
    optimizer = forms.ChoiceField(label=SETTINGS["optimizer"], required=False)
    balance = forms.ChoiceField(label=SETTINGS["balance"], required=False)
    patience = forms.IntegerField(
        label=SETTINGS["patience"], required=False, min_value=1, max_value=500
    )
    sensitivity = forms.FloatField(
        label=SETTINGS["sensitivity"],
        required=False, min_value=50.0, max_value=99.9,
        help_text=gettext_lazy(
            "The operating point finds so many positives of validation. Empty: Youden's index."
        ),
    )  # fmt: skip
    error_rate = forms.FloatField(
        label=SETTINGS["error_rate"],
        required=False, min_value=1.0, max_value=50.0,
        help_text=gettext_lazy("The rarer an error may be, the more often a doctor is asked."),
    )  # fmt: skip
    seed = forms.IntegerField(
        label=SETTINGS["seed"], required=False, min_value=0, max_value=2**31 - 1
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("recipe", recipe_choices())
        known = [(code, OPTIMIZERS[code]) for code in ("adamw", "rmsprop")]
        self._offer("optimizer", [("", AS_THE_RECIPE), *known])
        self._offer("balance", [("", AS_THE_RECIPE), *BALANCES.items()])

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        code, recipe = given.get("architecture"), given.get("recipe") or "default"
        if code and recipe not in architecture_of(code).recipes:
            self.add_error("recipe", _("This architecture has no recipe of that name."))
        return given

    def overrides(self) -> dict[str, Any]:
        """What differs from the recipe, as `request_run` takes it; shares are in 0..1."""
        given = self.cleaned_data
        said = {name: given[name] for name in sorted(SETTABLE) if given.get(name) not in (None, "")}
        for name in _PERCENT:
            if name in said:
                said[name] = said[name] / 100
        if given.get("recipe") not in ("", None, "default"):
            said["recipe"] = given["recipe"]
        return said

    @property
    def advanced(self) -> list[forms.BoundField]:
        shown = ("architecture", "extractor", "recipe")
        return [field for field in self if field.name not in shown]

    @property
    def has_advanced_errors(self) -> bool:
        return any(field.errors for field in self.advanced)
