"""The learning curve, and what more cases are worth: in words, never beyond what they support."""

from collections.abc import Mapping
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from retraining.charts.chart import Chart, Column
from retraining.charts.words import site_names


def learning_chart(found: Mapping[str, Any] | None, classes: Mapping[str, str]) -> Chart | None:
    """`classes`: names by code."""
    points = (found or {}).get("points") or []
    if not found or not points:
        return None
    columns = (
        Column("cases", _("Training cases")), Column("auc", _("AUC")),
        Column("low", _("Interval from")), Column("high", _("to")),
    )  # fmt: skip
    rows = [[point.get(column.key) for column in columns] for point in points]
    drawing = {
        "kind": "learning", "x": _("Training cases"), "y": _("AUC"), "name": _("AUC"),
        "interval": _("95 % interval"), "points": rows,
    }  # fmt: skip
    return Chart(
        "learning",
        _("Learning curve"),
        _("What fewer cases would have reached, judged by patients of the training side."),
        columns,
        rows,
        drawing,
        _advice(found.get("advice") or [], classes),
    )


def _advice(advice: list[Mapping[str, Any]], classes: Mapping[str, str]) -> tuple[str, ...]:
    """What gains most comes first; what cannot be said is one sentence for all."""
    names = site_names({str(each["site"]) for each in advice})
    placed = [
        (each, names[str(each["site"])], classes.get(each["class"], each["class"]))
        for each in sorted(advice, key=lambda each: -(each.get("gain") or 0.0))
    ]
    told = [_sentence(*one) for one in placed if one[0].get("gain") is not None]
    unsaid = [f"{kind} ({site})" for each, site, kind in placed if each.get("gain") is None]
    if told and unsaid:
        told.append(
            _("What more cases would bring cannot be said of: %(list)s.")
            % {"list": "; ".join(unsaid)}
        )
    return tuple(told) or (_("What more cases would bring cannot be said from so few."),)


def _sentence(each: Mapping[str, Any], site: str, kind: str) -> str:
    facts = {
        "more": number_format(each["more"], 0), "site": site, "kind": kind,
        "gain": _points(each["gain"]), "low": _points(each.get("low")),
        "high": _points(each.get("high")),
    }  # fmt: skip
    return (
        _(
            "%(more)s more cases of “%(kind)s” from %(site)s: about %(gain)s points of AUC "
            "(%(low)s to %(high)s)."
        )
        % facts
    )


def _points(gain: float | None) -> str:
    """An AUC of 0.011 more is 1.1 points."""
    if gain is None:
        return "–"
    rounded = round(100 * gain, 1) + 0.0
    return f"{'+' if rounded > 0 else ''}{number_format(rounded, 1)}"
