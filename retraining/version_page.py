"""What the page of a version says: figures, comparison, unsure answers, provenance, in words."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from images.models import Target
from inference.readings import percent
from retraining.charts.words import (
    FIGURES,
    NONE,
    Figure,
    class_names,
    decimal,
    figure_of,
    figures_of,
    group_name,
    signed,
    site_names,
)
from retraining.models import ModelVersion


@dataclass(frozen=True)
class Comparison:
    """The candidate beside the model that served, on the same test patients.

    `verdict`: better, worse or even, by the interval of the difference of the AUCs.
    """

    other: str
    verdict: str
    difference: str
    interval: str
    p: str
    test: str
    rows: list[tuple[Figure, Figure]]
    may_have_seen: bool


def comparison_of(evaluation: Mapping[str, Any]) -> Comparison | None:
    found = evaluation.get("comparison")
    if not found or found.get("difference") is None:
        return None
    own, theirs = evaluation.get("figures") or {}, found.get("figures") or {}
    low, high = found.get("low"), found.get("high")
    return Comparison(
        other=str(found.get("version") or NONE),
        verdict=_verdict(low, high),
        difference=signed(found["difference"]),
        interval=_between(low, high),
        p=_p_value(found.get("p")),
        test=_test_name(str(found.get("test") or "")),
        rows=[
            (figure_of(code, own.get(code)), figure_of(code, theirs.get(code)))
            for code in FIGURES
            if code in own and code in theirs
        ],
        may_have_seen=bool(found.get("may_have_seen")),
    )


def _verdict(low: float | None, high: float | None) -> str:
    if low is not None and low > 0:
        return "better"
    return "worse" if high is not None and high < 0 else "even"


def _between(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return ""
    return _("%(low)s to %(high)s") % {"low": signed(low), "high": signed(high)}


def _p_value(p: float | None) -> str:
    if p is None:
        return NONE
    return _("less than %(limit)s") % {"limit": decimal(0.001)} if p < 0.001 else decimal(p)


def _test_name(code: str) -> str:
    if code.startswith("delong"):
        return _("DeLong's test of two AUCs on the same cases")
    if "bootstrap" in code:
        return _("Paired bootstrap over patients")
    return code or NONE


@dataclass(frozen=True)
class ClassLine:
    """Of a class: how often the set of answers has it, and how often a doctor is asked."""

    name: str
    n: int
    covered: str
    unsure: str


def class_lines(evaluation: Mapping[str, Any], target: Target) -> list[ClassLine]:
    names = class_names(target)
    return [
        ClassLine(
            names.get(row["class"], row["class"]),
            row["n"],
            percent(row["covered"] / row["n"]) if row["n"] else NONE,
            percent(row["unsure"] / row["n"]) if row["n"] else NONE,
        )
        for row in (evaluation.get("conformal") or {}).get("by_class") or []
    ]


def unsure_lines(evaluation: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """What the set of answers does on test patients: name, share and interval."""
    conformal = evaluation.get("conformal")
    if not conformal:
        return []
    wanted = percent(conformal["error_rate"])
    return [
        (_("Error the set may have"), wanted, ""),
        (_("The true class is in the set"), *_share(conformal.get("covered"))),
        (_("One answer alone"), *_share(conformal.get("single"))),
        (_("A doctor is asked"), *_share(conformal.get("unsure"))),
    ]


def _share(found: Mapping[str, Any] | None) -> tuple[str, str]:
    figure = figure_of("share", found)
    return figure.value, figure.interval


def figures_shown(version: ModelVersion) -> list[Figure]:
    return figures_of(version.evaluation.get("figures") or version.figures)


@dataclass(frozen=True)
class SplitLine:
    name: str
    cases: int
    patients: int
    classes: list[tuple[str, int]]


def split_lines(counts: Mapping[str, Any], target: Target) -> list[SplitLine]:
    """Cases, patients and classes of each part of a list (`DatasetSnapshot.counts`)."""
    if not counts:
        return []
    names = class_names(target)
    titles = {"train": _("Training"), "validation": _("Validation"), "test": _("Test")}
    return [
        SplitLine(
            title,
            counts["splits"].get(split, 0),
            counts["patients"].get(split, 0),
            [(names.get(code, code), n) for code, n in counts["classes"].get(split, {}).items()],
        )
        for split, title in titles.items()
    ]


def breakdown_lines(counts: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, int]]]]:
    """All parts together, by institution, view and age: only where there is more than one."""
    titles = {
        "site": ("sites", _("Institution")),
        "view": ("views", _("View")),
        "age": ("ages", _("Age")),
    }
    found = []
    for kind, (key, title) in titles.items():
        total: Counter[str] = Counter()
        for part in (counts.get(key) or {}).values():
            total.update(part)
        if len(total) > 1:
            found.append((str(title), _named(kind, total)))
    return found


def _named(kind: str, total: Mapping[str, int]) -> list[tuple[str, int]]:
    names = site_names(set(total)) if kind == "site" else {}
    return [(names.get(key) or group_name(kind, key), n) for key, n in sorted(total.items())]


def association_lines(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Cramér's V between the label and what should have nothing to do with it."""
    titles = {"site": _("institution"), "source": _("source"), "view": _("view")}
    return [
        (title, decimal(found[key]["v"], 2))
        for key, title in titles.items()
        if (found.get(key) or {}).get("v") is not None
    ]


def environment_lines(environment: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Libraries one by one, the rest as it is."""
    lines = []
    for name, value in environment.items():
        nested = value.items() if isinstance(value, Mapping) else [("", value)]
        lines += [(key or name, str(each)) for key, each in nested]
    return lines
