"""Figures of an evaluation in words: names, values with their intervals, groups of patients."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Site
from images.models import Sex, Target, View
from inference.readings import percent

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NONE: Final = "–"

FIGURES: "Final[dict[str, StrOrPromise]]" = {
    "auc": gettext_lazy("AUC"),
    "sensitivity": gettext_lazy("Sensitivity"),
    "specificity": gettext_lazy("Specificity"),
    "ppv": gettext_lazy("PPV"),
    "npv": gettext_lazy("NPV"),
    "accuracy": gettext_lazy("Accuracy"),
    "accuracy_classes": gettext_lazy("Accuracy over all classes"),
    "f1": gettext_lazy("F1"),
    "brier": gettext_lazy("Brier score"),
}
MEANINGS: "Final[dict[str, StrOrPromise]]" = {
    "auc": gettext_lazy("chance that a positive case scores above a negative one"),
    "sensitivity": gettext_lazy("share of positive cases that are found"),
    "specificity": gettext_lazy("share of negative cases that are left alone"),
    "ppv": gettext_lazy("share of those called positive that are; holds for this set alone"),
    "npv": gettext_lazy("share of those called negative that are; holds for this set alone"),
    "accuracy": gettext_lazy("share of right answers, positive or not"),
    "accuracy_classes": gettext_lazy("share of cases whose class is the likeliest one"),
    "f1": gettext_lazy("harmonic mean of sensitivity and PPV"),
    "brier": gettext_lazy("mean squared error of the probability: lower is better"),
}
# Areas and scores: a share of nothing that could be counted.
PLAIN: Final = {"auc", "f1", "brier"}


@dataclass(frozen=True)
class Figure:
    """`value` is a dash where it cannot be said; `interval` is then empty."""

    code: str
    name: "StrOrPromise"
    meaning: "StrOrPromise"
    value: str
    interval: str


def figure_of(code: str, found: Mapping[str, Any] | None) -> Figure:
    """One figure ({"value", "low", "high"}, any of them null) with its 95 % interval."""
    name, meaning = FIGURES.get(code, code), MEANINGS.get(code, "")
    if found is None or found.get("value") is None:
        return Figure(code, name, meaning, NONE, "")
    return Figure(code, name, meaning, said(code, found["value"]), interval_of(code, found))


def figures_of(found: Mapping[str, Any]) -> list[Figure]:
    """Those that are there, in the order of the pages."""
    return [figure_of(code, found[code]) for code in FIGURES if code in found]


def interval_of(code: str, found: Mapping[str, Any]) -> str:
    low, high = found.get("low"), found.get("high")
    if low is None or high is None:
        return ""
    return _("%(low)s to %(high)s") % {"low": said(code, low), "high": said(code, high)}


def said(code: str, value: float) -> str:
    return decimal(value) if code in PLAIN else percent(value)


def decimal(value: float, digits: int = 3) -> str:
    """So many decimals in the language of the page; minus zero is zero."""
    return number_format(round(value, digits) + 0.0, digits)


def signed(value: float) -> str:
    """`+0.012`: a difference, with its sign."""
    rounded = round(value, 3) + 0.0
    return f"{'+' if rounded > 0 else ''}{decimal(rounded)}"


def class_names(target: Target) -> dict[str, str]:
    return {each.code: each.name for each in target.classes.all()}


def site_names(keys: set[str]) -> dict[str, str]:
    """Names of institutions by key or code; what is no institution here keeps its key."""
    found = {str(pk) for pk in map(_uuid_of, keys) if pk}
    rows = Site.objects.filter(pk__in=found) | Site.objects.filter(code__in=keys)
    names = {str(key): site.name for site in rows for key in (site.pk, site.code)}
    return {key: names.get(key, key or _("Not known")) for key in keys}


def group_name(kind: str, key: str) -> str:
    """The name of a group of patients by sex, age or view."""
    if not key:
        return _("Not known")
    choices = {"sex": Sex.choices, "view": View.choices}.get(kind, [])
    name = str(dict(choices).get(key, key))
    return _("%(ages)s years") % {"ages": key} if kind == "age" and key[:1].isdigit() else name


def _uuid_of(key: str) -> UUID | None:
    try:
        return UUID(key)
    except ValueError:
        return None
