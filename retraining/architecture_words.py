"""Architectures, extractors and what can be set of a recipe, in words."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inference.ml.extractor import EXTRACTORS
from retraining.ml.architectures import ARCHITECTURES

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NAMES: "Final[dict[str, StrOrPromise]]" = {
    "covid-xr-a": gettext_lazy("Model A: three dense layers"),
    "covid-xr-b": gettext_lazy("Model B: three dense layers, dropout after the second"),
    "covid-xr-c": gettext_lazy("Model C: three dense layers, dropout after the first"),
    "logistic": gettext_lazy("Logistic regression: the plain baseline"),
    "logistic-log": gettext_lazy("Logistic regression on the logarithms of the features"),
    "alexnet-grey": gettext_lazy("AlexNet with a grey first layer"),
    "cnn-64": gettext_lazy("Small network of 15 layers on 64 x 64 pixels"),
    "vgg16-fine-tuned": gettext_lazy("VGG16, its last layers trained as well"),
}
EXTRACTOR_NAMES: Final = {
    "vgg16-block5": "VGG16", "vgg19-block5": "VGG19", "resnet-50": "ResNet-50",
    "inception-v3": "Inception v3", "mobilenet-v2": "MobileNet v2",
    "mobilenet-v3-large": "MobileNet v3 large", "densenet-121": "DenseNet-121",
    "densenet-169": "DenseNet-169",
}  # fmt: skip
RECIPES: "Final[dict[str, StrOrPromise]]" = {
    "default": gettext_lazy("The usual one"),
    "paper": gettext_lazy("As in the paper"),
}
SETTINGS: "Final[dict[str, StrOrPromise]]" = {
    "recipe": gettext_lazy("Recipe"),
    "epochs": gettext_lazy("Epochs at most"),
    "batch_size": gettext_lazy("Cases in a batch"),
    "learning_rate": gettext_lazy("Learning rate"),
    "optimizer": gettext_lazy("Optimizer"),
    "balance": gettext_lazy("When one class is rare"),
    "patience": gettext_lazy("Epochs without progress before it stops"),
    "sensitivity": gettext_lazy("Sensitivity to reach (%)"),
    "error_rate": gettext_lazy("Error that the set of answers may have (%)"),
    "seed": gettext_lazy("Seed"),
}
BALANCES: "Final[dict[str, StrOrPromise]]" = {
    "none": gettext_lazy("Nothing"),
    "weights": gettext_lazy("Its cases weigh more"),
    "oversample": gettext_lazy("Its cases are shown more often"),
    "undersample": gettext_lazy("Fewer cases of the others are shown"),
}
OPTIMIZERS: Final = {"adamw": "AdamW", "rmsprop": "RMSProp", "sgd": "SGD", "adam": "Adam"}
_PERCENT: Final = frozenset({"sensitivity", "error_rate"})


def name_of(code: str) -> str:
    """What has no words yet is called by its code."""
    return str(NAMES.get(code, code))


def extractor_name(code: str) -> str:
    """Of a stored code, which may carry the hash of weights that travel with a model."""
    plain, _at, digest = code.partition("@")
    name = EXTRACTOR_NAMES.get(plain) or name_of(plain)
    return f"{name} @{digest}" if digest else name


def architecture_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Grouped by lane, the quick ones first."""
    lanes = {"fast": _("In seconds, on cached features"), "slow": _("Whole networks, in hours")}
    return [
        (name, [(code, name_of(code)) for code, each in ARCHITECTURES.items() if each.lane == lane])
        for lane, name in lanes.items()
    ]


def extractor_choices() -> list[tuple[str, str]]:
    """Those that can serve any head; whole networks bring their own."""
    shared = (code for code, each in EXTRACTORS.items() if not getattr(each, "travels", False))
    return [(code, extractor_name(code)) for code in shared]


def recipe_choices() -> list[tuple[str, str]]:
    names = dict.fromkeys(name for each in ARCHITECTURES.values() for name in each.recipes)
    return [(name, str(RECIPES.get(name, name))) for name in names]


def asked_in_words(spec: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The values of a run's `spec`, in the order of the form."""
    return [(str(SETTINGS[key]), _value(key, spec[key])) for key in SETTINGS if key in spec]


def _value(key: str, value: Any) -> str:
    if value is None:
        return _("none")
    if key in _PERCENT:
        return number_format(round(100 * value, 1), 1)
    tables: dict[str, Mapping[str, Any]] = {
        "recipe": RECIPES, "balance": BALANCES, "optimizer": OPTIMIZERS,
    }  # fmt: skip
    return str(tables.get(key, {}).get(value, value))
